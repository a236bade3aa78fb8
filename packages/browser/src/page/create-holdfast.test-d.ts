import { defineWorkflow, fromSteps } from '@holdfast/core';
import { assertType, expectTypeOf, test } from 'vitest';
import { createMachine } from 'xstate';
import type { ServedHoldfast } from '../wire/served.js';
import { createHoldfast } from './create-holdfast.js';

const count = defineWorkflow({
  id: 'count',
  version: 1,
  logic: fromSteps({ types: {} as { input: { to: number } } }, async ({ input }) => `counted to ${input.to}`),
});
const gate = defineWorkflow({
  id: 'gate',
  version: 1,
  logic: createMachine({ types: {} as { events: { type: 'GO'; by: string } } }),
});
type App = ServedHoldfast<readonly [typeof count, typeof gate]>;

test('a page knows ids, input, events and output of what its worker serves', () => {
  const holdfast = createHoldfast<App>(() => new Worker('worker.js'));
  assertType(holdfast.start('count', { input: { to: 3 } }));
  expectTypeOf(holdfast.run('count', 'one').result()).resolves.toEqualTypeOf<string>();
  assertType(holdfast.run('gate', 'one').send({ type: 'GO', by: 'ann' }));
});

test('what the worker does not serve does not compile', () => {
  const holdfast = createHoldfast<App>(() => new Worker('worker.js'));
  // @ts-expect-error: no such workflow
  void holdfast.start('other');
  // @ts-expect-error: the input is missing
  void holdfast.start('count');
  // @ts-expect-error: the input is of another type
  void holdfast.start('count', { input: { to: 'three' } });
  // @ts-expect-error: no such event
  void holdfast.run('gate', 'one').send({ type: 'STOP' });
});
