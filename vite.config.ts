import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('demo'),
  build: { outDir: here('demo/dist/page'), emptyOutDir: true },
  worker: { format: 'es' },
  test: {
    root: here('.'),
    include: [
      'packages/*/src/**/*.test.ts',
      'demo/**/*.test.ts',
      'docs/**/*.test.ts',
      'examples/*.test.ts',
      'e2e/support/**/*.test.ts',
      'scripts/*.test.mjs',
      'bench/lib/*.test.mjs',
    ],
    environment: 'node',
    // All there are: vitest leaves one alone, which on two is half.
    maxWorkers: '100%',
    // A bound for what hangs. A thousand timers, or a real process, take their time on a busy machine.
    testTimeout: 120_000,
  },
});
