import { expect, test } from 'vitest';
import { encodedValues } from '../client/encoded-values.js';
import { createClient } from '../client/holdfast.js';
import type { StartRequest } from '../client/protocol.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const logic = fromSteps(async ({ step, sleep }) => {
  await step('one', () => 1);
  await sleep('a day', '1d');
});
const workflows = [defineWorkflow({ id: 'w', version: 1, logic })] as const;

test('runs are found by the labels they were started with, all of which must match', async () => {
  const database = createMemoryDatabase();
  const { holdfast } = aHoldfast(workflows, { database });
  const started = { customer: '42', region: 'eu' };
  const run = await holdfast.start('w', { id: '1', labels: started });
  await holdfast.start('w', { id: '2', labels: { customer: '42' } });
  await holdfast.start('w', { id: '3' });
  started.region = 'us';
  const seen: string[][] = [];
  const list = holdfast.runs({ workflow: 'w', labels: { customer: '42', region: 'eu' } });
  list.subscribe((rows) => seen.push(rows.map(({ run, labels }) => `${run} ${labels?.region}`)));
  const states: unknown[] = [];
  run.subscribe((snapshot) => states.push(snapshot.run.labels));
  await settled(20);
  expect(seen.at(-1)).toEqual(['1 eu']);
  expect(states.at(-1)).toEqual({ customer: '42', region: 'eu' });
  expect(database.tables.head({ workflow: 'w', run: '1' })).toMatchObject({ status: 'waiting', seq: 3 });
  expect(holdfast.run('w', '3').getSnapshot().run.labels).toEqual({});
  await holdfast.close();
});

test('a start that joins leaves the labels that are there, one that begins anew brings its own', async () => {
  const { holdfast, database } = aHoldfast(workflows);
  const labels = () => database.tables.head({ workflow: 'w', run: '1' })?.labels;
  await holdfast.start('w', { id: '1', labels: { customer: '42' } });
  await holdfast.start('w', { id: '1', labels: { customer: '43' } });
  await settled();
  expect(labels()).toEqual({ customer: '42' });
  await holdfast.start('w', { id: '1', labels: { customer: '44' }, ifExists: 'restart' });
  await settled();
  expect(labels()).toEqual({ customer: '44' });
  await holdfast.start('w', { id: '1', ifExists: 'restart' });
  expect(labels()).toBeUndefined();
  await holdfast.close();
});

test('labels are those of the call, though it is made again after they were changed', async () => {
  const requests: StartRequest[] = [];
  const call = async (_: string, request: StartRequest) => {
    requests.push(request);
    return request;
  };
  const holdfast = createClient({
    values: encodedValues,
    call,
    listen: () => {},
    closed: new Promise(() => {}),
  } as never);
  const labels = { customer: '42' };
  await holdfast.start('w', { labels } as never);
  labels.customer = '43';
  expect(requests).toMatchObject([{ labels: { customer: '42' } }]);
});

test.each<[string, unknown]>([
  ['no object', 'customer'],
  ['nothing', null],
  ['a list', ['42']],
  ['a number', { customer: 42 }],
  ['no name', { '': '42' }],
  ['half a character', { customer: '\ud800' }],
  ['half a character in a name', { '\ud800': '42' }],
  ['a long name', { ['x'.repeat(65)]: '42' }],
  ['a long text', { customer: 'x'.repeat(257) }],
  ['many', Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`l${n}`, '']))],
])('labels are refused: %s', async (_, labels) => {
  const { holdfast, database } = aHoldfast(workflows);
  const refused = { code: 'OPTION_INVALID', details: { option: 'labels' } };
  await expect(holdfast.start('w', { id: '1', labels: labels as never })).rejects.toMatchObject(refused);
  expect(() => holdfast.runs({ labels: labels as never })).toThrow(expect.objectContaining(refused));
  expect(database.tables.list().rows).toEqual([]);
  await holdfast.close();
});
