import { describe, expect, test, vi } from 'vitest';
import { createMachine } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import type { Notice } from './protocol.js';

const steps = fromSteps({ types: {} as { input: { n: number } } }, async ({ input, step, waitForEvent }) => {
  for (let n = 0; n < input.n; n++) await step(`${n}`, () => n);
  await waitForEvent('end', { type: 'END' });
  return input.n;
});
const machine = createMachine({ initial: 'on', states: { on: { on: { END: 'off' } }, off: { type: 'final' } } });
const workflows = [
  defineWorkflow({ id: 'steps', version: 1, logic: steps }),
  defineWorkflow({ id: 'machine', version: 1, logic: machine }),
] as const;
const END = { type: 'END' } as never;

const until = (holds: () => void) => vi.waitFor(holds, { timeout: 20_000 });

/** A holdfast, and what its host has told of runs. */
function listening(options: Parameters<typeof aHoldfast>[1] = {}) {
  const made = aHoldfast(workflows, options);
  const told: Notice['kind'][] = [];
  made.host.listen(({ kind }) => {
    if (kind !== 'host') told.push(kind);
  });
  return { ...made, told };
}

describe('who waits for a result alone', () => {
  test('is told that the run goes on, and how it ended, whatever it goes through', async () => {
    const { holdfast, told } = listening();
    const run = await holdfast.start('steps', { id: '1', input: { n: 5 } });
    const result = run.result();
    await settled();
    expect(told).toEqual(['going on']);
    await run.send(END);
    expect(await result).toBe(5);
    expect(told).toEqual(['going on', 'run']);
    expect(run.getSnapshot()).toMatchObject({ output: 5, run: { status: 'done' } });
    await holdfast.close();
  });

  test('has it as well where another host of the store executes the run', async () => {
    const database = createMemoryDatabase();
    const owner = aHoldfast(workflows, { database });
    const other = listening({ database, clock: owner.clock });
    const run = await other.holdfast.start('machine', { id: '1' });
    const result = run.result();
    await settled();
    expect(other.told).toEqual(['going on']);
    await owner.holdfast.run('machine', '1').send(END);
    await expect(result).resolves.toBeUndefined();
    expect(other.told).toEqual(['going on', 'run']);
    await other.holdfast.close();
    await owner.holdfast.close();
  });

  test('is told that the run was deleted where it was there, and that there is none where it never was', async () => {
    const { holdfast } = listening();
    const run = await holdfast.start('machine', { id: '1' });
    const result = run.result();
    result.catch(() => {});
    await settled();
    await run.delete();
    await expect(result).rejects.toMatchObject({ code: 'RUN_DELETED' });
    await expect(holdfast.run('machine', '2').result()).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await holdfast.close();
  });

  test('has that of a run that had ended before, also where somebody is subscribed to it', async () => {
    const { holdfast } = listening();
    const run = await holdfast.start('machine', { id: '1' });
    run.subscribe(() => {});
    await run.send(END);
    await until(() => expect(run.getSnapshot().run.status).toBe('done'));
    await expect(run.result()).resolves.toBeUndefined();
    await holdfast.close();
  });

  test('does not keep those who subscribe from each state, as long as they do', async () => {
    const { holdfast, told, database } = listening();
    const run = await holdfast.start('steps', { id: '1', input: { n: 5 } });
    const result = run.result();
    await until(() => expect(database.tables.head({ workflow: 'steps', run: '1' })?.status).toBe('waiting'));
    const seen: unknown[] = [];
    const subscription = run.subscribe((snapshot) => seen.push(snapshot.run.status));
    await until(() => expect(seen).toEqual(['waiting']));
    subscription.unsubscribe();
    await until(() => expect(told.at(-1)).toBe('going on'));
    await run.send(END);
    expect(await result).toBe(5);
    expect(seen).toEqual(['waiting']);
    await holdfast.close();
  });
});
