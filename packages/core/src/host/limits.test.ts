import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import { gate } from '../testing/gated-store.test-support.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const limits = { valueLength: 1000, inboxLength: 3 };
const large = 'x'.repeat(2000);
const tooLarge = (path: string) => ({ code: 'VALUE_TOO_LARGE', details: { path, limit: 1000 } });

const collector = setup({
  types: {} as { context: { texts: string[] }; events: { type: 'TEXT'; text: string } | { type: 'END' } },
}).createMachine({
  context: { texts: [] },
  initial: 'on',
  states: {
    on: {
      on: { TEXT: { actions: assign({ texts: ({ context, event }) => [...context.texts, event.text] }) }, END: 'off' },
    },
    off: { type: 'final' },
  },
});
const collect = defineWorkflow({ id: 'collect', version: 1, logic: collector });

test('an input or event that is too large is refused with its largest part, before anything is stored', async () => {
  const { holdfast, database } = aHoldfast([collect], { limits });
  const input = { meta: { n: 1 }, photos: [{ name: 'a' }, { name: 'b', data: large }] };
  const start = holdfast.start('collect', { id: 'x', input: input as never });
  await expect(start).rejects.toMatchObject(tooLarge('input.photos[1].data'));
  const run = await holdfast.start('collect', { id: '1', input: { photo: new Blob([large]) } as never });
  await expect(run.send({ type: 'TEXT', text: large })).rejects.toMatchObject(tooLarge('event.text'));
  await expect(run.send({ type: 'TEXT', text: large })).rejects.toThrow(/Put it into a Blob/);
  const ring: Record<string, unknown> = { ring: undefined, list: Array.from({ length: 900 }, (_, n) => n) };
  ring.ring = ring;
  await expect(holdfast.start('collect', { input: ring as never })).rejects.toMatchObject(tooLarge('input.list'));
  expect(database.tables.list().rows.map(({ run }) => run)).toEqual(['1']);
  expect(database.tables.inbox()).toEqual([]);
  await holdfast.close();
});

test('a result that is too large is the failure of its step, an error or details are not its end', async () => {
  const tries: unknown[] = [];
  const logic = fromSteps(async ({ step }) => {
    const refused = await step(
      'beat',
      { retry: { attempts: 2, delay: 0 } },
      async ({ heartbeat, details, attempt }) => {
        tries.push(details?.length);
        const error = await (async () => heartbeat(large))().catch((error: unknown) => error);
        await heartbeat('x'.repeat(990));
        if (attempt === 1) throw new Error(large);
        return (error as { code: string }).code;
      },
    );
    const failed = await step('large', { retry: { attempts: 3 } }, () => ({ rows: [large] })).catch((error) => error);
    return [refused, failed.code, failed.details.path, failed.retryable];
  });
  const { holdfast, clock } = aHoldfast([defineWorkflow({ id: 'w', version: 1, logic })], { limits });
  const run = await holdfast.start('w');
  await settled(20);
  clock.advance(1);
  expect(await run.result()).toEqual(['VALUE_TOO_LARGE', 'VALUE_TOO_LARGE', 'step "large".output.rows[0]', false]);
  expect(tries).toEqual([undefined, 990]);
  await holdfast.close();
});

test('a state may be as large as four values; beyond that the run fails, and says where', async () => {
  const { holdfast } = aHoldfast([collect], { limits });
  const run = await holdfast.start('collect');
  const send = (letter: string) => run.send({ type: 'TEXT', text: letter.repeat(900) }, { until: 'processed' });
  for (const letter of 'abcd') await send(letter);
  expect((await run.history()).at(-1)).toMatchObject({ seq: 5, status: 'waiting' });
  await send('e');
  await expect(run.result()).rejects.toMatchObject({
    code: 'RUN_FAILED',
    cause: { code: 'VALUE_TOO_LARGE', details: { path: 'machine state.snapshot.context.texts', limit: 4000 } },
  });
  await holdfast.close();
});

test('a workflow has its own limits where it says so, and the host the rest', async () => {
  const wide = defineWorkflow({ id: 'wide', version: 1, logic: collector, limits: { valueLength: 5000 } });
  const { holdfast } = aHoldfast([collect, wide], { limits });
  await holdfast.start('wide', { input: { large } as never });
  await expect(holdfast.start('collect', { input: { large } as never })).rejects.toMatchObject({
    code: 'VALUE_TOO_LARGE',
  });
  await holdfast.close();
});

test('an inbox takes so many events, from all tabs together; a repeated call is not one more', async () => {
  const database = createMemoryDatabase();
  const gated = gate(createMemoryStore({ database }));
  const owner = aHoldfast([collect], { store: gated.store, database, limits });
  const other = aHoldfast([collect], { database, clock: owner.clock, limits });
  const run = await owner.holdfast.start('collect', { id: '1' });
  await settled();
  const there = other.holdfast.run('collect', '1');
  const text = 'x';
  await Promise.all([run.send({ type: 'TEXT', text }, { id: 'a' }), there.send({ type: 'TEXT', text }, { id: 'b' })]);
  await run.send({ type: 'TEXT', text });
  for (const { holdfast } of [owner, other]) {
    const sent = holdfast.run('collect', '1').send({ type: 'END' });
    await expect(sent).rejects.toMatchObject({ code: 'INBOX_FULL', retryable: true, details: { limit: 3 } });
  }
  await there.send({ type: 'TEXT', text }, { id: 'a' });
  expect(database.tables.inbox()).toHaveLength(3);
  const deletion = run.delete();
  await settled();
  expect(database.tables.inbox().map(({ lane }) => lane)).toContain('control');
  gated.open();
  await deletion;
  await other.holdfast.close();
  await owner.holdfast.close();
});

test('there is room again when events were taken', async () => {
  const { holdfast, host } = aHoldfast([collect], { limits });
  const run = await holdfast.start('collect', { id: '1' });
  for (let n = 0; n < 10; n++) await run.send({ type: 'TEXT', text: 'x' }, { until: 'processed' });
  const many = Array.from({ length: 5 }, (_, n) =>
    host.send({ workflow: 'collect', run: '1', id: `${n}`, event: encode({ type: 'END' }, 'e'), until: 'accepted' }),
  );
  const outcomes = (await Promise.allSettled(many)).map(({ status }) => status);
  expect(outcomes).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
  await holdfast.close();
});

test.each<[unknown]>([
  [null],
  [5],
  [{ valueLength: 0 }],
  [{ inboxLength: 1.5 }],
  [{ inboxLength: '9' }],
  [{ size: 9 }],
])('limits are refused: %j', (limits) => {
  const coded = expect.objectContaining({ code: 'OPTION_INVALID' });
  expect(() => aHoldfast([collect], { limits: limits as never })).toThrow(coded);
  const define = () => defineWorkflow({ id: 'w', version: 1, logic: collector, limits: limits as never });
  expect(define).toThrow(coded);
});
