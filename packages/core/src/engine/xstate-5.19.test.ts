import { expect, test, vi } from 'vitest';

/** The contract of the oldest XState that is supported: the engine's tests and those of live actors once more, machines and interpreter of 5.19.0. */
vi.mock('xstate', () => import('xstate519'));

await import('./engine.test.js');
await import('./engine-limits.test.js');
await import('./resumable-actions.test.js');
await import('../host/live-actors.test.js');
await import('./reconcile.test.js');

test('it is that version which was tested', async () => {
  expect((await import('xstate')).createMachine).toBe((await import('xstate519')).createMachine);
});
