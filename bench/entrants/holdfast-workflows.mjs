// The workflows that Holdfast is measured with, in Node and in the browser.

import { defineWorkflow, fromSteps } from '@holdfast/core';
import { assign, fromPromise, setup } from 'xstate';

/** @typedef {{ input: { steps: number } }} Steps */

/** Trivial steps, one after the other; its output tells how long they took (ms). */
export const inARow = defineWorkflow({
  id: 'function',
  version: 1,
  logic: fromSteps({ types: /** @type {Steps} */ ({}) }, async ({ input, step }) => {
    const startedAt = performance.now();
    for (let n = 0; n < input.steps; n++) await step(`step ${n}`, () => n);
    return performance.now() - startedAt;
  }),
});

const finished = ({ context }) => context.n + 1 >= context.steps;
/** @type {any} of several machines */
const add = assign({ n: ({ context }) => context.n + 1 });
/** @type {(next: string) => any} XState's types don't follow a part of a machine that stands by itself */
const invoking = (next) => ({
  invoke: {
    src: 'count',
    input: ({ context }) => context.n,
    onDone: [
      { guard: finished, target: 'done' },
      { target: next, actions: add },
    ],
  },
});

/** One invoke per state: the same work by a machine. */
export const states = defineWorkflow({
  id: 'machine',
  version: 1,
  logic: setup({
    types: /** @type {Steps & { context: { n: number, steps: number, startedAt: number } }} */ ({}),
    actors: { count: fromPromise(async ({ input }) => input) },
  }).createMachine({
    context: ({ input }) => ({ n: 0, steps: input.steps, startedAt: performance.now() }),
    initial: 'ping',
    states: { ping: invoking('pong'), pong: invoking('ping'), done: { type: 'final' } },
    output: ({ context }) => performance.now() - context.startedAt,
  }),
});

/** @typedef {{ type: 'TICK' } | { type: 'CHANGE', note: string }} Sent */

/** Counts what it is sent; what it holds besides is `size` bytes, of which TICK changes none and CHANGE ten. */
export const counter = defineWorkflow({
  id: 'counter',
  version: 1,
  logic: setup({ types: /** @type {{ input: { bytes?: number }, events: Sent }} */ ({}) }).createMachine({
    context: ({ input }) => ({ n: 0, note: 'a'.repeat(10), rest: filling(input?.bytes ?? 0) }),
    on: {
      TICK: { actions: add },
      CHANGE: { actions: assign({ note: ({ event }) => event.note }) },
    },
  }),
});

/** Changes ten bytes. @returns {{ type: string }} as an event is typed where its workflow is not known */
export const changeOf = (n) => /** @type {Sent} */ ({ type: 'CHANGE', note: `${n}`.padEnd(10, '.') });

/** About `bytes` of JSON, of the kind that an app holds: a list of objects. */
function filling(bytes) {
  return Array.from({ length: Math.floor(bytes / 64) }, (_, n) => ({
    id: n,
    name: `item ${n}`.padEnd(20, '.'),
    done: n % 2 === 0,
  }));
}

/** Waits for a deadline, `input.afterMs` from its start, or for an event that never comes. */
export const waiting = defineWorkflow({
  id: 'waiting',
  version: 1,
  logic: setup({
    types: /** @type {{ input: { afterMs: number }, context: { afterMs: number } }} */ ({}),
    delays: { later: ({ context }) => context.afterMs },
  }).createMachine({
    context: ({ input }) => ({ afterMs: input.afterMs }),
    initial: 'waiting',
    states: { waiting: { after: { later: 'due' }, on: { GO: 'due' } }, due: { type: 'final' } },
  }),
});

/** `input.steps` steps that are done, and one that is not: it never ends where `input.marker` is not there yet. */
export function stopping(begun) {
  return defineWorkflow({
    id: 'stopping',
    version: 1,
    logic: fromSteps({ types: /** @type {Steps} */ ({}) }, async ({ input, step }) => {
      for (let n = 0; n < input.steps; n++) await step(`step ${n}`, () => n);
      await step('next', begun);
    }),
  });
}
