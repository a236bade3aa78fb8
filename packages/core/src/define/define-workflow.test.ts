import { describe, expect, test } from 'vitest';
import { createActor, createMachine, fromCallback, fromPromise, fromTransition, setup } from 'xstate';
import { defineWorkflow } from './define-workflow.js';
import { type Duration, toMs } from './duration.js';
import { fromSteps } from './from-steps.js';
import type { AnyWorkflow } from './workflow.js';

const machine = createMachine({});
const steps = fromSteps(async () => 1);
const coded = (code: string) => expect.objectContaining({ name: 'HoldfastError', code });

describe('defineWorkflow', () => {
  test('takes a machine or a step function, and nothing of it can be changed', () => {
    for (const logic of [machine, steps]) {
      const workflow = defineWorkflow({ id: 'w', version: 3, logic });
      expect(workflow).toMatchObject({ id: 'w', version: 3, logic });
      expect(Object.isFrozen(workflow)).toBe(true);
    }
  });

  test.each<[string, object]>([
    ['no id', { version: 1, logic: machine }],
    ['an empty id', { id: '', version: 1, logic: machine }],
    ['an id that is no text', { id: 5, version: 1, logic: machine }],
    ['no version', { id: 'w', logic: machine }],
    ['version 0', { id: 'w', version: 0, logic: machine }],
    ['version 1.5', { id: 'w', version: 1.5, logic: machine }],
    ['version as text', { id: 'w', version: '1', logic: machine }],
    ['no logic', { id: 'w', version: 1 }],
    ['a function in place of logic', { id: 'w', version: 1, logic: async () => {} }],
    ['a machine config in place of a machine', { id: 'w', version: 1, logic: { states: {} } }],
    ['a running actor', { id: 'w', version: 1, logic: createActor(machine) }],
    ['a promise actor', { id: 'w', version: 1, logic: fromPromise(async () => 1) }],
    ['a transition actor', { id: 'w', version: 1, logic: fromTransition((n) => n, 0) }],
    ['a callback actor', { id: 'w', version: 1, logic: fromCallback(() => {}) }],
  ])('refused: %s', (_, definition) => {
    expect(() => defineWorkflow(definition as AnyWorkflow)).toThrow(coded('WORKFLOW_INVALID'));
  });

  test('takes migrations from the versions before it, and nothing of them can be changed', () => {
    const migrate = { 1: (state: object) => state, 2: (state: object) => state };
    const workflow = defineWorkflow({ id: 'w', version: 3, logic: machine, migrate });
    expect(workflow.migrate).toEqual(migrate);
    expect(Object.isFrozen(workflow.migrate)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['of its own version', { 3: () => {} }],
    ['of version 0', { 0: () => {} }],
    ['of version 1.5', { 1.5: () => {} }],
    ['of a name', { one: () => {} }],
    ['that are no functions', { 1: {} }],
    ['that are nothing', null],
  ])('refused: migrations %s', (_, migrate) => {
    const refuse = () => defineWorkflow({ id: 'w', version: 3, logic: machine, migrate: migrate as never });
    expect(refuse).toThrow(coded('OPTION_INVALID'));
  });

  test('a callback actor anywhere in the machine is refused by name', () => {
    const listen = fromCallback(() => {});
    const child = setup({ actors: { listen } }).createMachine({});
    const refuse = (logic: never) => () => defineWorkflow({ id: 'w', version: 1, logic });
    expect(refuse(setup({ actors: { child } }).createMachine({}) as never)).toThrow(coded('ACTOR_NOT_DURABLE'));
    expect(refuse(setup({ actors: { child } }).createMachine({}) as never)).toThrow(/"listen"/);
    const inline = createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { initial: 'b', states: { b: { invoke: [{ src: listen }] } } } },
    });
    expect(refuse(inline as never)).toThrow(/inline in m\.a\.b/);
  });

  test('unless it is said that they may begin anew', () => {
    const logic = setup({ actors: { listen: fromCallback(() => {}) } }).createMachine({});
    const workflow = defineWorkflow({ id: 'w', version: 1, logic, liveActors: 'restart' });
    expect(workflow).toMatchObject({ id: 'w', version: 1, logic, liveActors: 'restart' });
    const refuse = (more: object) => () => defineWorkflow({ id: 'w', version: 1, logic, ...more });
    expect(refuse({})).toThrow(/liveActors: 'restart'/);
    expect(refuse({ liveActors: 'resume' })).toThrow(coded('WORKFLOW_INVALID'));
    expect(refuse({ liveActors: 'restart', logic: fromCallback(() => {}) })).toThrow(coded('WORKFLOW_INVALID'));
  });

  test('machines that name each other do not make it run for ever', () => {
    const actors: Record<string, never> = {};
    const ring = setup({ actors }).createMachine({});
    (ring.implementations.actors as Record<string, unknown>).ring = ring;
    expect(defineWorkflow({ id: 'w', version: 1, logic: ring }).logic).toBe(ring);
  });
});

describe('fromSteps', () => {
  test('needs a function', () => {
    expect(() => fromSteps(undefined as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(() => fromSteps({ types: {} }, 'text' as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

describe('durations', () => {
  test.each<[Duration, number]>([
    [0, 0],
    [1.5, 1.5],
    ['250ms', 250],
    ['1.5s', 1500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['30d', 2_592_000_000],
    ['0s', 0],
  ])('%s is %d ms', (duration, ms) => {
    expect(toMs(duration, 'it')).toBe(ms);
  });

  test.each<[unknown]>([
    [-1],
    [Number.NaN],
    [Infinity],
    ['5'],
    ['s'],
    [' 5s'],
    ['5s '],
    ['-5s'],
    ['1e3ms'],
    ['5 s'],
    ['5w'],
    ['5S'],
    [''],
    [undefined],
    [null],
    [5n],
    [{}],
    [['5s']],
    [Symbol('5s')],
  ])('%s is none', (duration) => {
    const refuse = () => toMs(duration as Duration, 'timeout of step "x"');
    expect(refuse).toThrow(coded('OPTION_INVALID'));
    expect(refuse).toThrow(/timeout of step "x"/);
  });
});
