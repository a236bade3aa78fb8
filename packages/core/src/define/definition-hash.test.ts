import { describe, expect, test } from 'vitest';
import { type AnyActorLogic, assign, createMachine, fromPromise, not, setup } from 'xstate';
import { definitionHash } from './definition-hash.js';
import { fromSteps } from './from-steps.js';

const promise = fromPromise(async () => 1);
const steps = fromSteps(async () => 1);

function machine(state: object = {}, implementations: object = {}, more: object = {}): AnyActorLogic {
  const states = { a: { on: { GO: 'b' }, ...state }, b: {} };
  const provided = setup({ actors: { promise }, delays: { wait: 1000, later: () => 5 }, ...implementations } as never);
  return provided.createMachine({ id: 'm', initial: 'a', states, ...more } as never) as unknown as AnyActorLogic;
}

test('is the same for the same structure, whatever the functions and the order in the source', () => {
  const note = () => {};
  const one = machine({ entry: [() => 1, assign({})], on: { GO: { target: 'b', guard: () => true }, END: 'b' } });
  const two = machine({ on: { END: 'b', GO: { guard: not('x'), target: 'b' } }, entry: [note, () => note()] });
  expect(definitionHash(two)).toBe(definitionHash(one));
  expect(definitionHash(machine({}, {}, { context: { n: 1 }, description: 'x' }))).toBe(definitionHash(machine()));
});

test('stays the same from release to release', () => {
  expect(
    definitionHash(machine({ after: { wait: 'b' }, invoke: { src: 'promise' }, entry: 'note' })),
  ).toMatchInlineSnapshot(`"m74ub203ac"`);
});

const inside = (name: string) => createMachine({ initial: name, states: { [name]: {} } });

describe('is another when', () => {
  test.each<[string, AnyActorLogic]>([
    ['a state is added', machine({ initial: 'x', states: { x: {} } })],
    ['an event is handled', machine({ on: { GO: 'b', END: 'b' } })],
    ['a target changes', machine({ on: { GO: 'a' } })],
    ['a guard is named', machine({ on: { GO: { target: 'b', guard: 'g' } } })],
    ['a transition re-enters', machine({ on: { GO: { target: 'b', reenter: true } } })],
    ['an action is named', machine({ entry: 'note' })],
    ['an inline action is added', machine({ exit: () => {} })],
    ['a delay is added', machine({ after: { 1000: 'b' } })],
    ['an actor is invoked', machine({ invoke: { src: 'promise' } })],
    ['an actor is invoked inline', machine({ invoke: { src: promise } })],
    ['an always is added', machine({ always: { target: 'b', guard: 'g' } })],
    ['a state becomes final', machine({ type: 'final', on: {} })],
    ['a named delay changes', machine({}, { delays: { wait: 2000, later: () => 5 } })],
    ['an actor is declared', machine({}, { actors: { promise, more: promise } })],
    ['an actor becomes a step function', machine({}, { actors: { promise: steps } })],
    ['an actor becomes a machine', machine({}, { actors: { promise: inside('x') } })],
    ['the machine has another id', machine({}, {}, { id: 'n' })],
    ['it is no machine', steps],
  ])('%s', (_, logic) => {
    expect(definitionHash(logic)).not.toBe(definitionHash(machine()));
  });

  test('a child machine changes', () => {
    const of = (name: string) => machine({}, { actors: { child: inside(name) } });
    expect(definitionHash(of('x'))).not.toBe(definitionHash(of('y')));
  });
});

test('machines that name each other have one too', () => {
  const actors: Record<string, never> = {};
  const ring = setup({ actors }).createMachine({});
  (ring.implementations.actors as Record<string, unknown>).ring = ring;
  expect(definitionHash(ring)).toMatch(/^\w+$/);
});
