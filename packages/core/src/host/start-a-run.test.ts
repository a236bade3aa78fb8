import { describe, expect, test } from 'vitest';
import { createMachine, setup } from 'xstate';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const echo = fromSteps({ types: {} as { input: { n: number } } }, async ({ input, step, sleep }) => {
  const key = await step('key', ({ idempotencyKey }) => idempotencyKey);
  await sleep('long', '1d');
  return { n: input.n, key };
});
const workflows = [defineWorkflow({ id: 'echo', version: 1, logic: echo })] as const;

describe('start', () => {
  test('on an existing id joins the run when the input is the same', async () => {
    const { holdfast, clock } = aHoldfast(workflows);
    const run = await holdfast.start('echo', { id: 'a', input: { n: 1 } });
    expect(await holdfast.start('echo', { id: 'a', input: { n: 1 } })).toBe(run);
    await settled();
    clock.advance(86_400_000);
    expect(await run.result()).toMatchObject({ n: 1 });
    expect(await (await holdfast.start('echo', { id: 'a', input: { n: 1 } })).result()).toMatchObject({ n: 1 });
    await holdfast.close();
  });

  test('on an existing id with another input is refused', async () => {
    const { holdfast } = aHoldfast(workflows);
    await holdfast.start('echo', { id: 'a', input: { n: 1 } });
    await expect(holdfast.start('echo', { id: 'a', input: { n: 2 } })).rejects.toMatchObject({
      code: 'RUN_INPUT_DIFFERS',
    });
    await holdfast.close();
  });

  test("ifExists 'fail' is refused on an existing id, but not for a repeated call of the same client", async () => {
    const { holdfast, host } = aHoldfast(workflows);
    const request = {
      workflow: 'echo',
      run: 'a',
      callId: 'c',
      ifExists: 'fail',
      input: encode({ n: 1 }, 'input'),
    } as const;
    await host.start(request);
    await host.start(request);
    await expect(holdfast.start('echo', { id: 'a', input: { n: 1 }, ifExists: 'fail' })).rejects.toMatchObject({
      code: 'RUN_EXISTS',
    });
    await holdfast.close();
  });

  test("ifExists 'restart' ends the old run and starts anew, with other idempotency keys", async () => {
    const { holdfast, clock, database } = aHoldfast(workflows);
    const run = await holdfast.start('echo', { id: 'a', input: { n: 1 } });
    await settled();
    const old = database.tables.head({ workflow: 'echo', run: 'a' })?.key;
    await holdfast.start('echo', { id: 'a', input: { n: 2 }, ifExists: 'restart' });
    await settled();
    clock.advance(86_400_000);
    const { n, key } = await run.result();
    expect(n).toBe(2);
    expect(key.startsWith(old ?? 'x')).toBe(false);
    expect((await run.history())[0]).toMatchObject({ seq: 1, arrival: { kind: 'start' } });
    await holdfast.close();
  });

  test('of an unknown workflow is refused, and names those there are', async () => {
    const { holdfast } = aHoldfast(workflows);
    const start = holdfast.start as (workflow: string) => Promise<unknown>;
    await expect(start.call(holdfast, 'nope')).rejects.toMatchObject({
      code: 'WORKFLOW_UNKNOWN',
      details: { known: ['echo'] },
    });
    await holdfast.close();
  });

  test('with input that can not be stored is refused with its path, and nothing is stored', async () => {
    const { holdfast, database } = aHoldfast(workflows);
    const input = { n: 1, list: [{ deep: () => 1 }] };
    await expect(holdfast.start('echo', { id: 'a', input })).rejects.toMatchObject({
      code: 'VALUE_NOT_STORABLE',
      details: { path: 'input.list[0].deep' },
    });
    const cyclic: { n: number; self?: unknown } = { n: 1 };
    cyclic.self = cyclic;
    await holdfast.start('echo', { id: 'b', input: cyclic });
    expect(database.tables.list().rows.map(({ run }) => run)).toEqual(['b']);
    await holdfast.close();
  });

  test('with an id that no store can write is refused', async () => {
    const { holdfast, database } = aHoldfast(workflows);
    for (const id of ['', '\ud800', 7 as unknown as string]) {
      await expect(holdfast.start('echo', { id, input: { n: 1 } })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    }
    expect(database.tables.list().rows).toEqual([]);
    await holdfast.close();
  });

  test('of two workflows with one id is refused', () => {
    expect(() => aHoldfast([workflows[0], workflows[0]])).toThrow(/Two workflows/);
  });
});

describe('a run that is not there', () => {
  test('has a handle, a snapshot that says so, and no result', async () => {
    const { holdfast } = aHoldfast(workflows);
    const run = holdfast.run('echo', 'nobody');
    expect(run.getSnapshot().run.status).toBe('unknown');
    await expect(run.result()).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    expect(run.getSnapshot().run.status).toBe('absent');
    await holdfast.close();
  });
});

describe('delete', () => {
  test('ends the run and removes every record of it', async () => {
    const { holdfast, database } = aHoldfast(workflows);
    const run = await holdfast.start('echo', { id: 'a', input: { n: 1 } });
    const result = run.result();
    result.catch(() => {});
    await settled();
    await run.delete();
    await expect(result).rejects.toMatchObject({ code: 'RUN_DELETED' });
    expect(database.tables.list().rows).toEqual([]);
    expect(await run.history()).toEqual([]);
    await holdfast.close();
  });
});

test('a deletion that is repeated finds nothing left to do', async () => {
  const { holdfast, host } = aHoldfast(workflows);
  await holdfast.start('echo', { id: 'a', input: { n: 1 } });
  const request = { workflow: 'echo', run: 'a', callId: 'c', control: { control: 'delete' } } as const;
  await host.control(request);
  await host.control(request);
  await holdfast.close();
});

describe('a run whose definition no longer fits', () => {
  const before = defineWorkflow({
    id: 'm',
    version: 1,
    logic: createMachine({ initial: 'old', states: { old: { on: { GO: 'end' } }, end: { type: 'final' } } }),
  });
  const after = defineWorkflow({
    id: 'm',
    version: 1,
    logic: createMachine({ initial: 'end', states: { end: { type: 'final' } } }),
  });

  async function stored() {
    const database = createMemoryDatabase();
    const first = aHoldfast([before], { database });
    await first.holdfast.start('m', { id: 'a' });
    await settled();
    await first.holdfast.close();
    return { database, records: JSON.stringify(database.tables.load({ workflow: 'm', run: 'a' })?.row) };
  }

  test('is parked, naming the missing state, and not touched', async () => {
    const { database, records } = await stored();
    const { holdfast } = aHoldfast([after], { database });
    const run = holdfast.run('m', 'a');
    await expect(run.result()).rejects.toMatchObject({
      code: 'RUN_PARKED',
      message: expect.stringContaining('state (machine).old'),
    });
    expect(run.getSnapshot().run).toMatchObject({ status: 'parked', problem: { code: 'VERSION_UNFIT' } });
    expect(JSON.stringify(database.tables.load({ workflow: 'm', run: 'a' })?.row)).toBe(records);
    await holdfast.close();
  });

  test('keeps the events it is sent, for the code that fits', async () => {
    const { database } = await stored();
    const parked = aHoldfast([after], { database });
    await parked.holdfast.run('m', 'a').send({ type: 'GO' } as never);
    await settled();
    await parked.holdfast.close();
    const { holdfast } = aHoldfast([before], { database });
    await holdfast.run('m', 'a').result();
    await holdfast.close();
  });

  test('can still be deleted, and started anew', async () => {
    const { database } = await stored();
    const { holdfast } = aHoldfast([after], { database });
    const run = await holdfast.start('m', { id: 'a', ifExists: 'restart' });
    await run.result();
    await run.delete();
    expect(database.tables.list().rows).toEqual([]);
    await holdfast.close();
  });

  test('of a newer version, or an unregistered workflow, is not touched either', async () => {
    const { database, records } = await stored();
    const other = aHoldfast([defineWorkflow({ id: 'm', version: 2, logic: before.logic })], { database });
    await expect(other.holdfast.run('m', 'a').result()).rejects.toMatchObject({ code: 'RUN_PARKED' });
    await other.holdfast.close();
    const none = aHoldfast(workflows, { database });
    const run = none.holdfast.run('m' as 'echo', 'a');
    await expect(run.result()).rejects.toMatchObject({ code: 'RUN_PARKED', details: { code: 'WORKFLOW_UNKNOWN' } });
    await none.holdfast.close();
    expect(JSON.stringify(database.tables.load({ workflow: 'm', run: 'a' })?.row)).toBe(records);
  });
});

describe('what fails, fails the run and says why', () => {
  test.each([
    ['context that can not be stored', createMachine({ context: { f: () => 1 } as never }), /context\.f is a function/],
    [
      'a context factory that throws',
      createMachine({
        context: () => {
          throw new Error('no context');
        },
      }),
      /no context/,
    ],
    [
      'an output mapper that throws',
      createMachine({
        initial: 'a',
        states: { a: { type: 'final' } },
        output: () => {
          throw new Error('no output');
        },
      }),
      /no output/,
    ],
    [
      'an action that throws',
      setup({
        actions: {
          bad: () => {
            throw new Error('bad action');
          },
        },
      }).createMachine({ entry: 'bad' }),
      /bad action/,
    ],
    [
      'an endless loop',
      createMachine({ initial: 'a', states: { a: { always: 'b' }, b: { always: 'a' } } }),
      /more than 10000 microsteps/,
    ],
    [
      'a step function that throws',
      fromSteps(async () => {
        throw new Error('no steps');
      }),
      /no steps/,
    ],
    [
      'a step whose output can not be stored',
      fromSteps(async ({ step }) => {
        await step('s', () => () => 1);
      }),
      /step "s"\.output is a function/,
    ],
    [
      'two steps of one name',
      fromSteps(async ({ step }) => {
        await step('s', () => 1);
        await step('s', () => 2);
      }),
      /two steps named "s"/,
    ],
  ])('%s', async (_, logic, message) => {
    const { holdfast, errors } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic: logic as never })]);
    const start = holdfast.start as unknown as (workflow: string) => ReturnType<typeof holdfast.start>;
    const run = await start.call(holdfast, 'w');
    await expect(run.result()).rejects.toMatchObject({ code: 'RUN_FAILED', message: expect.stringMatching(message) });
    expect(errors).toEqual([]);
    await holdfast.close();
  });
});
