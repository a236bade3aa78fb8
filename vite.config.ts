import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Packages whose tests need no process, file or socket: many of them may follow each other in one process. */
const PURE = ['packages/core/src', 'packages/browser/src'];
const pureTests = PURE.flatMap((folder) =>
  readdirSync(here(folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.test.ts')),
);
/** Those which replace modules, timers or globals have a process each: `vi` is how that is done. */
const shared = pureTests.filter((path) => !/\bvi\b[^;]* from 'vitest'/.test(readFileSync(here(path), 'utf8')));

export default defineConfig({
  root: here('demo'),
  build: { outDir: here('demo/dist/page'), emptyOutDir: true },
  worker: { format: 'es' },
  test: {
    root: here('.'),
    environment: 'node',
    // All there are: vitest leaves one alone, which on two is half.
    maxWorkers: '100%',
    // A bound for what hangs. A thousand timers, or a real process, take their time on a busy machine.
    testTimeout: 120_000,
    // Likewise: what is waited for may need a process to start, and a second is not enough for that.
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        // What is loaded once serves all of them: half of what they cost each in a process of its own.
        test: { name: 'shared', include: shared, isolate: false, restoreMocks: true },
      },
      {
        extends: true,
        test: {
          name: 'apart',
          include: [
            'packages/*/src/**/*.test.ts',
            'demo/**/*.test.ts',
            'docs/**/*.test.ts',
            'examples/*.test.ts',
            'e2e/support/**/*.test.ts',
            'scripts/*.test.mjs',
            'bench/lib/*.test.mjs',
          ],
          exclude: ['**/node_modules/**', ...shared],
        },
      },
    ],
  },
});
