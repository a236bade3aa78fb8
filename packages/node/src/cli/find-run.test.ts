import { createMemoryStore } from '@holdfast/core/store';
import { expect, test } from 'vitest';
import { findRun, runsOf } from './store-at.js';

async function aStore(...runs: [workflow: string, run: string][]) {
  const store = createMemoryStore();
  for (const [workflow, run] of runs) {
    const head = {
      workflow,
      run,
      key: `${workflow} ${run}`,
      version: 1,
      seq: 0,
      status: 'queued',
      reasons: [],
    } as const;
    await store.accept({ kind: 'start', row: { ...head, createdAt: 0, updatedAt: 0 }, input: { text: '-1' } });
  }
  return store;
}

test('a run is found by its workflow and id, or by an id that is unique', async () => {
  const store = await aStore(['a', '1'], ['a', '2'], ['b', '2'], ['b', 'x/y']);
  const found = async (id: string) => (await findRun(store, id)).key;
  expect(await Promise.all(['1', 'a/2', 'b/x/y', 'x/y'].map(found))).toEqual(['a 1', 'a 2', 'b x/y', 'b x/y']);
  await expect(findRun(store, '2')).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    details: { runs: ['a/2', 'b/2'] },
  });
  await expect(findRun(store, 'c/1')).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
});

test('an address is preferred to a run whose id looks like it, and two ways to read one are told', async () => {
  const store = await aStore(['a', 'b'], ['w', 'a/b'], ['x/y', 'z'], ['x', 'y/z']);
  expect((await findRun(store, 'a/b')).key).toBe('a b');
  await expect(findRun(store, 'x/y/z')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('a list goes through all pages, and no further than its limit', async () => {
  const store = await aStore(...Array.from({ length: 1005 }, (_, n): [string, string] => ['w', String(n)]));
  expect((await runsOf(store, {})).length).toBe(1005);
  expect((await runsOf(store, { limit: 1002 })).length).toBe(1002);
});
