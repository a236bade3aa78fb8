import { expect, test, vi } from 'vitest';

/** The comparison once more, with XState 5.24.0 on both sides. */
vi.mock('xstate', () => import('xstate524'));

const { corpus } = await import('./corpus/corpus.test-support.js');
const { compare } = await import('./differential.test-support.js');

compare(corpus.filter(({ big }) => !big));

test('it is that version which was compared', async () => {
  expect((await import('xstate')).createMachine).toBe((await import('xstate524')).createMachine);
});
