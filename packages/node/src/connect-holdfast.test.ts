import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineWorkflow, fromSteps } from '@holdfast/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectHoldfast, openHoldfast } from './index.js';

/** A schema that takes objects with a field of that type. */
const having = <T extends object>(name: keyof T & string, type: 'number' | 'string') => ({
  '~standard': {
    version: 1 as const,
    vendor: 'test',
    types: undefined as { input: T; output: T } | undefined,
    validate: (value: unknown) =>
      typeof (value as Record<string, unknown>)[name] === type
        ? { value: value as T }
        : { issues: [{ message: `${name} is no ${type}`, path: [name] }] },
  },
});

const approval = defineWorkflow({
  id: 'approval',
  version: 1,
  logic: fromSteps(
    {
      schemas: {
        input: having<{ amount: number }>('amount', 'number'),
        events: { APPROVE: having<{ by: string }>('by', 'string') },
      },
    },
    async ({ input, waitForEvent, progress }) => {
      progress(1, 2);
      const { by } = await waitForEvent('approval', { type: 'APPROVE' });
      return `${input.amount} by ${by}`;
    },
  ),
});

let directory: string;
const open: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await rm(directory, { recursive: true });
});

function kept<T extends { close(): Promise<void> }>(holdfast: T): T {
  open.push(holdfast);
  return holdfast;
}
const host = async () => kept(await openHoldfast({ directory, workflows: [approval] }));
const guest = async () => kept(await connectHoldfast({ directory, workflows: [approval] }));
const stranger = async () => kept(await connectHoldfast({ directory }));

describe('a process that does not own the directory', () => {
  test('starts, sends, sees and gets the result, through the owner', async () => {
    await host();
    const run = await (await guest()).start('approval', { id: 'one', input: { amount: 7 } });
    const seen: unknown[] = [];
    run.subscribe(({ run: { status }, progress }) => seen.push([status, progress?.done]));
    await expect.poll(() => seen.at(-1)).toEqual(['waiting', 1]);
    await run.send({ type: 'APPROVE', by: 'ann' }, { until: 'processed' });
    expect(await run.result()).toBe('7 by ann');
  });

  test('does all that before there is an owner, and sees the one that comes', async () => {
    const holdfast = await guest();
    const run = await holdfast.start('approval', { id: 'one', input: { amount: 7 } });
    await run.send({ type: 'APPROVE', by: 'ann' }, { id: 'first' });
    await run.send({ type: 'APPROVE', by: 'bob' }, { id: 'first' });
    const rows: string[] = [];
    holdfast.runs().subscribe((list) => rows.push(list.map(({ status }) => status).join()));
    const result = run.result();
    await expect.poll(() => rows).toEqual(['queued']);
    await host();
    expect(await result).toBe('7 by ann');
    await expect.poll(() => rows.at(-1)).toBe('done');
  });

  test('needs no workflows, but to start', async () => {
    await (await guest()).start('approval', { id: 'one', input: { amount: 7 } });
    const run = (await stranger()).run('approval', 'one');
    await expect((await stranger()).start('approval', { id: 'two' })).rejects.toMatchObject({
      code: 'WORKFLOW_UNKNOWN',
    });
    await run.pause();
    await host();
    const statuses: string[] = [];
    run.subscribe(({ run: { status } }) => statuses.push(status));
    await expect.poll(() => statuses.at(-1)).toBe('paused');
    await run.resume();
    await run.send({ type: 'APPROVE', by: 'ann' });
    expect(await run.result()).toBe('7 by ann');
    await run.delete();
    await expect.poll(() => statuses.at(-1)).toBe('absent');
  });

  test.each([true, false])('is refused what an owner is refused (one is there: %s)', async (isThere) => {
    if (isThere) await host();
    const holdfast = await guest();
    const run = await holdfast.start('approval', { id: 'one', input: { amount: 7 } });
    const start = (options: object) => holdfast.start('approval', { id: 'one', input: { amount: 7 }, ...options });
    await expect(start({ ifExists: 'fail' })).rejects.toMatchObject({ code: 'RUN_EXISTS' });
    await expect(start({ input: { amount: 8 } })).rejects.toMatchObject({ code: 'RUN_INPUT_DIFFERS' });
    await expect(start({ input: { amount: 'x' } })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await start({})).toBe(run);
    await expect(run.send({ type: 'APPROVE', by: 3 } as never)).rejects.toMatchObject({ code: 'EVENT_INVALID' });
    const absent = holdfast.run('approval', 'absent');
    await expect(absent.send({ type: 'APPROVE', by: 'ann' })).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
  });

  test('sees the next owner too, when the one before has left', async () => {
    const first = await host();
    const run = await (await guest()).start('approval', { id: 'one', input: { amount: 7 } });
    const result = run.result();
    await first.close();
    await host();
    await (await stranger()).run('approval', 'one').send({ type: 'APPROVE', by: 'ann' });
    expect(await result).toBe('7 by ann');
  });

  test('carries Files to a run, and reads them back', async () => {
    const photo = defineWorkflow({
      id: 'photo',
      version: 1,
      logic: fromSteps({ types: {} as { input: { file: File } } }, async ({ input }) => input.file),
    });
    const connected = kept(await connectHoldfast({ directory, workflows: [photo] }));
    const run = await connected.start('photo', { id: 'one', input: { file: new File(['bytes'], 'photo.txt') } });
    kept(await openHoldfast({ directory, workflows: [photo] }));
    const file = (await run.result()) as File;
    expect([file.name, await file.text()]).toEqual(['photo.txt', 'bytes']);
  });
});
