import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Builds the demo's page and server, as `npm run demo` does. */
export default function buildDemo(): void {
  // A mutant of the browser package is tried out, which the demo has nothing of.
  if (process.env.HOLDFAST_BROWSER_DIST) return;
  const cwd = fileURLToPath(new URL('../../demo', import.meta.url));
  execFileSync('npm', ['run', 'build'], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
}
