import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests that load another version of XState in place of the one which all others share. */
const OTHER_XSTATES = ['packages/core/src/**/*-5.*.test.ts'];

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
    projects: [
      {
        extends: true,
        test: {
          name: 'pure',
          include: ['packages/{core,browser}/src/**/*.test.ts'],
          exclude: OTHER_XSTATES,
          // They keep nothing in modules: to load those anew for each file would take as long as the tests.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'apart',
          include: [
            'packages/node/src/**/*.test.ts',
            ...OTHER_XSTATES,
            'demo/**/*.test.ts',
            'docs/**/*.test.ts',
            'examples/*.test.ts',
            'scripts/*.test.mjs',
            'bench/lib/*.test.mjs',
          ],
        },
      },
    ],
  },
});
