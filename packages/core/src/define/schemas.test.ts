import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { createActor, createMachine } from 'xstate';
import { z } from 'zod';
import { defineWorkflow } from './define-workflow.js';
import { fromSteps } from './from-steps.js';
import { parseEvent, parseInput, type WorkflowSchemas } from './schemas.js';

const coded = (code: string, details: object = {}) =>
  expect.objectContaining({ name: 'HoldfastError', code, details: expect.objectContaining(details) });
const throwing = (work: () => unknown) => {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
};

describe.each<[string, WorkflowSchemas]>([
  [
    'zod',
    {
      input: z.object({ lines: z.array(z.object({ amount: z.number().min(1) })) }),
      events: { APPROVE: z.object({ by: z.string() }), STOP: z.object({}) },
    },
  ],
  [
    'valibot',
    {
      input: v.object({ lines: v.array(v.object({ amount: v.pipe(v.number(), v.minValue(1)) })) }),
      events: { APPROVE: v.object({ by: v.string() }), STOP: v.object({}) },
    },
  ],
  [
    'arktype',
    {
      input: type({ lines: type({ amount: 'number >= 1' }).array() }),
      events: { APPROVE: type({ by: 'string' }), STOP: type({}) },
    },
  ],
])('a schema of %s', (_, schemas) => {
  test('lets through what fits', () => {
    expect(parseInput(schemas, { lines: [{ amount: 2 }] }, 'it')).toEqual({ lines: [{ amount: 2 }] });
    expect(parseEvent(schemas, { type: 'APPROVE', by: 'ann' } as never, 'it')).toEqual({ type: 'APPROVE', by: 'ann' });
    expect(parseEvent(schemas, { type: 'STOP' }, 'it')).toEqual({ type: 'STOP' });
  });

  test('refuses the rest, with all issues as plain data', () => {
    const { error } = throwing(() =>
      parseInput(schemas, { lines: [{ amount: 2 }, { amount: 0 }, {}] }, 'workflow "w"'),
    );
    const text = expect.any(String);
    const issues = [
      { path: ['lines', 1, 'amount'], message: text },
      { path: ['lines', 2, 'amount'], message: text },
    ];
    expect(error).toEqual(coded('INPUT_INVALID', { issues }));
    expect(structuredClone((error as { details: object }).details)).toEqual({ issues });
    expect(String(error)).toContain('The input of workflow "w" doesn\'t fit its schema: lines.1.amount: ');
    const by = { issues: [{ path: ['by'], message: text }], type: 'APPROVE' };
    expect(throwing(() => parseEvent(schemas, { type: 'APPROVE' }, 'it')).error).toEqual(coded('EVENT_INVALID', by));
  });

  test('refuses event types that have no schema', () => {
    for (const type of ['NO', 'constructor', '__proto__']) {
      const { error } = throwing(() => parseEvent(schemas, { type }, 'it'));
      const message = 'There is a schema of APPROVE, STOP.';
      expect(error).toEqual(coded('EVENT_INVALID', { issues: [{ path: ['type'], message }] }));
    }
  });
});

describe('what a schema makes of a value', () => {
  const events = z.discriminatedUnion('type', [
    z.object({ type: z.literal('ADD'), n: z.coerce.number() }),
    z.object({ type: z.literal('STOP') }),
  ]);

  test('is what the logic gets; one schema of whole events gives the type too', () => {
    expect(parseInput({ input: z.object({ n: z.number().default(5) }) }, {}, 'it')).toEqual({ n: 5 });
    expect(parseEvent({ events }, { type: 'ADD', n: '3' } as never, 'it')).toEqual({ type: 'ADD', n: 3 });
    const byType = { events: { ADD: z.object({ n: z.coerce.number() }) } };
    expect(parseEvent(byType, { type: 'ADD', n: '3' } as never, 'it')).toEqual({ type: 'ADD', n: 3 });
    expect(throwing(() => parseEvent({ events }, { type: 'NO' }, 'it')).error).toEqual(coded('EVENT_INVALID'));
  });

  test('has to be an event', () => {
    const nothing = z.unknown().transform(() => undefined);
    for (const schemas of [{ events: nothing }, { events: { A: nothing as never } }, { events: z.object({}) }]) {
      expect(throwing(() => parseEvent(schemas, { type: 'A' }, 'it')).error).toEqual(coded('EVENT_INVALID'));
    }
  });
});

test('a schema that answers with a promise, or throws, is refused', async () => {
  const later = z.string().refine(async () => true);
  const laterToo = v.pipeAsync(
    v.string(),
    v.checkAsync(async () => true),
  );
  for (const input of [later, laterToo]) {
    expect(throwing(() => parseInput({ input }, 'x', 'it')).error).toEqual(coded('SCHEMA_ASYNC'));
  }
  const never = {
    '~standard': { version: 1, vendor: 'me', validate: () => Promise.reject(new Error('late')) },
  } as const;
  expect(throwing(() => parseInput({ input: never }, 'x', 'it')).error).toEqual(coded('SCHEMA_ASYNC'));
  const throws = () => {
    throw new Error('broken');
  };
  const broken: StandardSchemaV1 = { '~standard': { version: 1, vendor: 'me', validate: throws } };
  const issues = [{ path: [], message: 'Its schema throws: Error: broken' }];
  expect(throwing(() => parseInput({ input: broken }, 'x', 'it')).error).toEqual(coded('INPUT_INVALID', { issues }));
  await new Promise((resolve) => setTimeout(resolve));
});

test.each<[string, unknown]>([
  ['no object', 5],
  ['nothing', null],
  ['another key', { output: z.string() }],
  ['an input that is no schema', { input: { name: 'string' } }],
  ['events that are no schema', { events: 'string' }],
  ['an event that has none', { events: { A: z.object({}), B: true } }],
])('schemas are refused: %s', (_, schemas) => {
  expect(() => fromSteps({ schemas: schemas as never }, async () => 1)).toThrow(coded('OPTION_INVALID'));
  const define = () => defineWorkflow({ id: 'w', version: 1, logic: createMachine({}), schemas: schemas as never });
  expect(define).toThrow(coded('OPTION_INVALID'));
});

test('a step function has its own: defineWorkflow takes none for it', () => {
  const logic = fromSteps({ schemas: { input: z.string() } }, async ({ input }) => input);
  const schemas = { input: z.string() };
  expect(() => defineWorkflow({ id: 'w', version: 1, logic, schemas })).toThrow(coded('WORKFLOW_INVALID'));
  expect(defineWorkflow({ id: 'w', version: 1, logic }).schemas).toBeUndefined();
  const machine = defineWorkflow({ id: 'w', version: 1, logic: createMachine({}), schemas });
  expect(machine.provide({}).schemas).toBe(schemas);
});

test("under XState's own createActor a step function parses its input too", async () => {
  const logic = fromSteps({ schemas: { input: z.object({ n: z.number().default(5) }) } }, async ({ input }) => input.n);
  const run = (input: never) =>
    new Promise((resolve) => {
      const actor = createActor(logic, { input });
      actor.subscribe({ complete: () => resolve(actor.getSnapshot().output), error: resolve });
      actor.start();
    });
  expect(await run({} as never)).toBe(5);
  expect(await run({ n: 'x' } as never)).toEqual(coded('INPUT_INVALID'));
});
