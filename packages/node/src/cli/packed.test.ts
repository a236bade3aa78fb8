import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const NPM = join(dirname(process.execPath), process.platform === 'win32' ? 'npm.cmd' : 'npm');

test.skipIf(process.platform === 'win32')('the command runs from the package as npm would install it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-'));
  try {
    const packages = ['core', 'node'].map((name) => `./packages/${name}`);
    execFileSync(NPM, ['pack', '--workspaces=false', '--pack-destination', folder, ...packages], {
      cwd: ROOT,
      stdio: 'pipe',
    });
    const modules = join(folder, 'node_modules');
    await mkdir(join(modules, '.bin'), { recursive: true });
    for (const name of ['core', 'node']) {
      const to = join(modules, '@holdfast', name);
      await mkdir(to, { recursive: true });
      const [tarball = ''] = (await readdir(folder)).filter((file) => file.startsWith(`holdfast-${name}-`));
      execFileSync('tar', ['-xzf', join(folder, tarball), '-C', to, '--strip-components=1']);
    }
    const installed = join(modules, '@holdfast', 'node');
    const { bin, dependencies, peerDependencies } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    const core = JSON.parse(await readFile(join(modules, '@holdfast', 'core', 'package.json'), 'utf8'));
    const others = Object.keys({ ...dependencies, ...peerDependencies, ...core.dependencies });
    for (const name of others.filter((name) => name !== '@holdfast/core')) {
      await mkdir(dirname(join(modules, name)), { recursive: true });
      await symlink(join(ROOT, 'node_modules', name), join(modules, name));
    }
    await chmod(join(installed, bin.holdfast), 0o755);
    await symlink(join(installed, bin.holdfast), join(modules, '.bin', 'holdfast'));
    const run = (...args: string[]) =>
      execFileSync(join(modules, '.bin', 'holdfast'), args, { cwd: folder }).toString();
    expect(run('--version')).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(run('verify', '--dir', '.')).toBe(
      'Whole: 0 runs, 0 checkpoints, 0 values, 0 attachments, in 0 segments of 0 bytes.\n',
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
