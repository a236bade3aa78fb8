import { expect, test } from 'vitest';
import { createActor, setup } from 'xstate';
import { viewLater } from './view.js';

test('what is looked at later is what was there when it was asked for: the state after it may not be durable', () => {
  const states = { one: { on: { NEXT: 'two' } }, two: { tags: 'late' } };
  const actor = createActor(setup({}).createMachine({ initial: 'one', states })).start();
  const before = viewLater(actor);
  actor.send({ type: 'NEXT' });
  expect(before()).toMatchObject({ value: 'one', tags: [], accepts: ['NEXT'] });
  expect(viewLater(actor)()).toMatchObject({ value: 'two', tags: ['late'], accepts: [] });
});
