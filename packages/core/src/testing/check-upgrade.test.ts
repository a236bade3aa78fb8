import { describe, expect, test } from 'vitest';
import { createMachine, fromPromise, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { Migrations } from '../define/migration.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { checkUpgrade } from './check-upgrade.js';

const promise = fromPromise(async () => 1);
const at = (version: number, logic: unknown, migrate?: Migrations) =>
  defineWorkflow({ id: 'w', version, logic: logic as AnyWorkflow['logic'], ...(migrate ? { migrate } : {}) });
const machine = (states: object, implementations: object = {}, more: object = {}) =>
  setup(implementations as never).createMachine({ id: 'm', initial: Object.keys(states)[0], states, ...more } as never);
const same: Migrations = { 1: (state) => state };
const found = (...args: Parameters<typeof checkUpgrade>) =>
  checkUpgrade(...args).map(({ kind, name, effect }) => `${kind} ${name}: ${effect}`);

describe('checkUpgrade finds', () => {
  test('nothing where nothing is lost', () => {
    const first = machine(
      { a: { after: { 1000: 'b' }, invoke: { src: 'promise', id: 'p' } }, b: {} },
      { actors: { promise } },
    );
    const more = machine(
      { a: { after: { 1000: 'b', 9000: 'c' }, invoke: { src: 'promise', id: 'p' } }, b: {}, c: { always: 'b' } },
      { actors: { promise } },
    );
    expect(checkUpgrade(at(1, first), at(1, first))).toEqual([]);
    expect(checkUpgrade(at(1, first), at(2, more, same))).toEqual([]);
  });

  test('states that are gone, wherever they are, and not those where a run ends', () => {
    const child = (name: string) =>
      createMachine({ id: 'c', initial: 'x', states: { x: { on: { N: name } }, [name]: {} } } as never);
    const of = (name: string, end: string) =>
      machine(
        {
          p: {
            type: 'parallel',
            states: {
              one: { initial: 'x', states: { x: {}, [name]: {} } },
              two: { invoke: { src: 'child', id: 'kid' } },
            },
          },
          [end]: { type: 'final' },
        },
        { actors: { child: child(name) } },
      );
    expect(found(at(1, of('old', 'end1')), at(2, of('new', 'end2'), same))).toEqual([
      'state c.old in kid: parks',
      'state m.p.one.old: parks',
    ]);
  });

  test('nothing, where the migration moves the run; what it does not move, it does', () => {
    const first = machine({ a: {}, b: {} });
    const second = machine({ c: {} });
    const moving: Migrations = { 1: (state) => (state.value === 'a' ? { ...state, value: 'c' } : state) };
    expect(found(at(1, first), at(2, second, moving))).toEqual(['state m.b: parks']);
  });

  test('migrations that can not be tried, unless they are given a context', () => {
    const first = machine(
      { a: {} },
      {},
      { context: ({ input }: { input: { list: number[] } }) => ({ list: input.list }) },
    );
    const second = at(2, machine({ a: {} }), { 1: (state) => ({ ...state, context: state.context.list.length }) });
    expect(found(at(1, first), second)).toEqual(['migration m.a: unchecked']);
    expect(found(at(1, first), second, { context: { list: [1] } })).toEqual([]);
  });

  test('timers and invoked actors that go', () => {
    const actors = { promise, other: promise };
    const first = machine(
      { a: { after: { 1000: {} }, invoke: { src: 'promise', id: 'p' } }, b: { invoke: { src: 'promise', id: 'q' } } },
      { actors },
    );
    const second = machine({ a: {}, b: { invoke: { src: 'other', id: 'q' } } }, { actors });
    expect(found(at(1, first), at(2, second, same))).toEqual([
      'timer xstate.after.1000.m.a: drops',
      'actor promise (running as p): stops',
      'actor promise (running as q): restarts',
    ]);
  });

  test('actors that are gone: in flight, or perhaps spawned', () => {
    const first = machine({ a: { invoke: { src: 'promise', id: 'p' } } }, { actors: { promise, spawned: promise } });
    expect(found(at(1, first), at(2, machine({ a: {} }), same))).toEqual([
      'actor promise (running as p): parks',
      'actor promise: unchecked',
      'actor spawned: unchecked',
    ]);
    expect(found(at(1, first), at(1, machine({ a: {} })))).toContain('actor spawned: parks');
  });

  test('named actions that are gone, and not those that are nobody’s effect', () => {
    const actions = { note: () => {}, unused: () => {} };
    const first = machine(
      { a: { entry: { type: 'note', params: 1 }, on: { GO: { actions: ['nowhere', () => {}] } } } },
      { actions },
    );
    expect(found(at(1, first), at(2, machine({ a: {} }), same))).toEqual(['action note: parks']);
  });

  test('step functions that were changed', () => {
    const one = fromSteps(async ({ step }) => step('one', () => 1));
    const two = fromSteps(async ({ step }) => step('two', () => 1));
    expect(found(at(1, one), at(2, two, same))).toEqual(['step the run: unchecked']);
    expect(found(at(1, one), at(2, one, same))).toEqual([]);
    const invoking = (work: object) => machine({ a: { invoke: { src: 'work', id: 'k' } } }, { actors: { work } });
    expect(found(at(1, invoking(one)), at(2, invoking(two), same))).toEqual(['step work: unchecked']);
  });

  test('versions that lead nowhere, or were not raised', () => {
    const logic = machine({ a: {} });
    expect(found(at(1, logic), at(2, logic))).toEqual(['version 1 -> 2: parks']);
    expect(found(at(1, logic), at(3, logic, { 2: (state) => state }))).toEqual(['version 1 -> 3: parks']);
    expect(found(at(2, logic), at(1, logic))).toEqual(['version 2 -> 1: parks']);
    expect(found(at(1, logic), at(1, machine({ a: {}, b: {} })))).toEqual(['version 1 -> 1: tells']);
  });

  test('machines that name each other do not make it run for ever', () => {
    const actors: Record<string, unknown> = {};
    const ring = machine({ a: { invoke: { src: 'ring', id: 'next' } } }, { actors });
    (ring.implementations.actors as Record<string, unknown>).ring = ring;
    expect(checkUpgrade(at(1, ring), at(2, ring, same))).toEqual([]);
  });

  test('another workflow is no version', () => {
    const other = defineWorkflow({ id: 'other', version: 2, logic: createMachine({}) });
    expect(() => checkUpgrade(at(1, machine({ a: {} })), other)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});
