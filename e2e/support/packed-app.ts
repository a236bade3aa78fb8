import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm, run } from '../../scripts/process.mjs';

/** The app of `e2e/packed-app` with the packed packages installed, in a folder of its own outside of the repo. */
export interface PackedApp {
  readonly directory: string;
  /** Runs an installed program to its end, and gives what it printed. Rejects when it fails. */
  exec(bin: keyof typeof BINS, ...args: string[]): Promise<string>;
  /** Evaluates an ES module in Node, as a file of the app would be, and gives what it printed. */
  evaluate(code: string): Promise<string>;
  /** Starts the dev server, or the server of what was built. */
  serve(mode: 'dev' | 'preview'): Promise<AppServer>;
  remove(): Promise<void>;
}

export interface AppServer {
  readonly url: string;
  close(): Promise<void>;
}

const BINS = { tsc: 'typescript/bin/tsc', 'tsc-5.9': 'typescript-5.9/bin/tsc', vite: 'vite/bin/vite.js' };
// Vite's build(), used by other tests, leaves NODE_ENV=production behind in its process: npm would leave out Vite then.
const PLAIN = { NO_COLOR: '1', FORCE_COLOR: '0', NODE_ENV: undefined };

/** `npm pack` and `npm install`, as a user's first minutes would be. */
export async function installPackedApp(): Promise<PackedApp> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-packed-app-'));
  const tarballs = await pack(join(directory, 'tarballs'));
  await cp(fileURLToPath(new URL('../packed-app/', import.meta.url)), directory, { recursive: true });
  await succeed([...npm(), 'install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs], directory);
  const bin = (name: keyof typeof BINS) => [process.execPath, join(directory, 'node_modules', BINS[name])];
  return {
    directory,
    exec: (name, ...args) => succeed([...bin(name), ...args], directory),
    evaluate: (code) => succeed([process.execPath, '--input-type=module', '--eval', code], directory),
    serve: (mode) => serve([...bin('vite'), mode, '--host', '127.0.0.1', '--port', '0'], directory),
    remove: () => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
  };
}

async function pack(destination: string): Promise<string[]> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  await mkdir(destination);
  const packages = ['core', 'browser', 'node'].map((name) => `./packages/${name}`);
  await succeed([...npm(), 'pack', '--workspaces=false', '--pack-destination', destination, ...packages], root);
  const files = await readdir(destination);
  return files.filter((file) => file.endsWith('.tgz')).map((file) => join(destination, file));
}

async function succeed(command: string[], cwd: string): Promise<string> {
  const { code, output } = await run(command, { cwd, env: PLAIN, timeoutMs: 180_000 });
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

async function serve([program = '', ...args]: string[], cwd: string): Promise<AppServer> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...PLAIN }, stdio: ['ignore', 'pipe', 'inherit'] });
  return {
    url: await urlOf(child),
    async close() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}

/** The address that Vite prints when it listens. */
function urlOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += chunk;
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
      if (url) resolve(url);
    });
    child.once('close', () => reject(new Error(`Vite ended without an address:\n${output}`)));
  });
}
