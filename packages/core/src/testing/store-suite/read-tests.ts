import type { Labels, RunAddress, RunRow, RunStatus } from '../../records/records.js';
import type { RunQuery, Store } from '../../store/store.js';
import { holds, same } from './assert.js';
import { aCheckpoint, address, anEvent, aRun, aStart, fill, seqOf } from './records.js';
import type { Declare } from './suite.js';

const AWKWARD_IDS = ['', ' ', '!', '%2F', '-', '.', '..', '/', 'Z', '__proto__', 'a', 'a-b', 'a/b', 'é', '日本', '😀'];

async function everyPage(store: Store, query: RunQuery): Promise<RunAddress[][]> {
  const pages: RunAddress[][] = [];
  let after: string | undefined;
  do {
    const page = await store.list(after === undefined ? query : { ...query, after });
    pages.push(page.rows.map(({ workflow, run }) => ({ workflow, run })));
    if (pages.length > 100) throw new Error('the pages do not end');
    after = page.cursor;
  } while (after !== undefined);
  return pages;
}

async function close(store: Store, epoch: number, at: RunAddress, status: RunStatus): Promise<void> {
  await store.commit(aCheckpoint(at, 0, epoch, [{ op: 'run', row: aRun(at, { seq: 1, status }) }]));
}

function done(at: RunAddress, labels: Labels): RunRow {
  return aRun(at, { seq: 1, status: 'done', labels });
}

/** Point 5 of the contract: what reads show, in which order, and to whom. */
export function readTests(test: Declare, { shared }: { shared: boolean }): void {
  test('5 a run that is not there is undefined', async ({ connect }) => {
    const store = await connect();
    await store.acquire();
    same(await store.load(address()), undefined, 'load');
    same(await store.head(address()), undefined, 'head');
    same(await store.inbox(address()), [], 'inbox');
    same(await store.history(address()), [], 'history');
    same(await store.list(), { rows: [] }, 'list');
  });

  test('5 head is the row of load', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()], 2);
    same(await store.head(address()), (await store.load(address()))?.row, 'head');
  });

  test('5 a run that was just started is read with what has come to it since', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await store.accept(aStart(address()));
    same(await seqOf(store, address()), 0, 'as it was started');
    await store.accept(anEvent(address()));
    same((await store.load(address()))?.inbox.length, 1, 'events');
    await store.accept(aStart(address('two')));
    await store.commit(aCheckpoint(address('two'), 0, epoch));
    same(await seqOf(store, address('two')), 1, 'its checkpoint');
  });

  test('5 list is in order of workflow, then run, whatever the ids are made of', async ({ connect }) => {
    const store = await connect();
    await store.acquire();
    const all = AWKWARD_IDS.flatMap((workflow) => ['/', 'a'].map((run) => ({ workflow, run })));
    all.push(...AWKWARD_IDS.filter((id) => id !== '/' && id !== 'a').map((run) => ({ workflow: 'a', run })));
    for (const at of [...all].reverse()) await store.accept(aStart(at));
    const before = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    all.sort((a, b) => before(a.workflow, b.workflow) || before(a.run, b.run));
    same(await everyPage(store, {}), [all], 'one page');
    same((await everyPage(store, { limit: 3 })).flat(), all, 'pages of three');
  });

  test('5 pages hold every run once, and the last has no cursor', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    const runs = ['a', 'b', 'c', 'd'].map((run) => address(run));
    await fill(store, epoch, runs);
    same(
      (await everyPage(store, { limit: 3 })).map(({ length }) => length),
      [3, 1],
      'rows a page',
    );
    same(
      (await everyPage(store, { limit: 4 })).map(({ length }) => length),
      [4],
      'rows of a page that is just full',
    );
  });

  test('5 list is filtered by workflow and status, over pages too', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    const mine = ['a', 'b', 'c', 'd', 'e'].map((run) => address(run, 'mine'));
    await fill(store, epoch, [...mine, address('a', 'min'), address('a', 'mine-2')]);
    await close(store, epoch, address('b', 'mine'), 'done');
    await close(store, epoch, address('d', 'mine'), 'failed');
    const runs = async (query: RunQuery) => (await everyPage(store, query)).flat().map(({ run }) => run);
    same(await runs({ workflow: 'mine' }), ['a', 'b', 'c', 'd', 'e'], 'workflow');
    same(await runs({ workflow: 'mine', status: 'queued' }), ['a', 'c', 'e'], 'workflow and status');
    same(await runs({ workflow: 'mine', status: 'queued', limit: 2 }), ['a', 'c', 'e'], 'the same, in pages');
    same(await runs({ status: ['done', 'failed'] }), ['b', 'd'], 'two statuses');
    same(await runs({ status: [] }), [], 'no status at all');
    same(await runs({ workflow: 'other' }), [], 'another workflow');
  });

  test('5 where the earliest deadlines are told, they are those of runs that wait for them', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    if (!store.due) return;
    const waitsFor = async (run: string, nextDeadlineAt: number | undefined, status: RunStatus = 'waiting') => {
      const deadline = nextDeadlineAt === undefined ? {} : { nextDeadlineAt };
      const row = aRun(address(run), { seq: 1, status, ...deadline });
      await store.accept(aStart(address(run)));
      await store.commit(aCheckpoint(address(run), 0, epoch, [{ op: 'run', row }]));
    };
    await waitsFor('late', 300);
    await waitsFor('soon', 100);
    await waitsFor('never', undefined);
    for (const status of ['running', 'paused', 'cancelling', 'done'] as const) await waitsFor(status, 50, status);
    const start = aStart(address('to begin'));
    await store.accept({ ...start, row: { ...start.row, nextDeadlineAt: 200 } });
    const runs = async (limit: number) => (await store.due?.(limit))?.map(({ run }) => run);
    same(await runs(10), ['soon', 'to begin', 'late'], 'all');
    same(await runs(2), ['soon', 'to begin'], 'the first two');
    same((await store.due(1))[0], await store.head(address('soon')), 'a head');
    await store.commit({ ...address('soon'), epoch, after: 1, durability: 'strict', ops: [{ op: 'delete' }] });
    same(await runs(1), ['to begin'], 'when the first is gone');
  });

  test('5 list is filtered by labels, all of which must match, over pages and through checkpoints', async ({
    connect,
  }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    const labelled = async (at: RunAddress, labels: Labels) => {
      const start = aStart(at);
      await store.accept({ ...start, row: { ...start.row, labels } });
    };
    const mine = { customer: '42', region: 'eu' };
    for (const run of ['a', 'b', 'c', 'd', 'e']) await labelled(address(run, 'mine'), mine);
    await labelled(address('f', 'mine'), { customer: '42', region: 'us' });
    await labelled(address('g', 'mine'), { customer: '421', region: 'eu' });
    await labelled(address('a', 'other'), { customer: '42', region: 'eu', ['__proto__']: 'x' });
    await store.accept(aStart(address('h', 'mine')));
    await store.commit(
      aCheckpoint(address('b', 'mine'), 0, epoch, [{ op: 'run', row: done(address('b', 'mine'), mine) }]),
    );
    await store.commit({ ...aCheckpoint(address('d', 'mine'), 0, epoch), ops: [{ op: 'delete' }] });
    const runs = async (query: RunQuery) =>
      (await everyPage(store, query)).flat().map(({ workflow, run }) => `${workflow}/${run}`);
    same(await runs({ labels: mine }), ['mine/a', 'mine/b', 'mine/c', 'mine/e', 'other/a'], 'two labels');
    same(await runs({ labels: mine, limit: 2 }), ['mine/a', 'mine/b', 'mine/c', 'mine/e', 'other/a'], 'in pages');
    same(await runs({ labels: { region: 'us', customer: '42' } }), ['mine/f'], 'in another order');
    same(await runs({ labels: mine, workflow: 'other' }), ['other/a'], 'and a workflow');
    same(
      await runs({ labels: mine, status: 'queued', limit: 1 }),
      ['mine/a', 'mine/c', 'mine/e', 'other/a'],
      'and a status',
    );
    same(await runs({ labels: { customer: '42', other: '1' } }), [], 'one that no run has');
    same(await runs({ labels: { toString: '' } }), [], 'one that every object has');
    same((await runs({ labels: {} })).length, 8, 'none at all');
    same((await store.head(address('b', 'mine')))?.labels, mine, 'labels of a head');
    same(
      (await store.load(address('a', 'mine')))?.row,
      aRun(address('a', 'mine'), { labels: mine }),
      'a row as it was put',
    );
    const again = await store.accept(aStart(address('a', 'mine')));
    same(again.outcome === 'exists' && again.row, aRun(address('a', 'mine'), { labels: mine }), 'one that exists');
    same(
      (await store.list({ labels: { region: 'us' } })).rows,
      [aRun(address('f', 'mine'), { labels: { customer: '42', region: 'us' } })],
      'a row of a list',
    );
  });

  test('5 history is paged by seq, oldest first', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address(), address('other')], 12);
    const seqs = async (options?: { after?: number; limit?: number }) =>
      (await store.history(address(), options)).map(({ seq }) => seq);
    same(await seqs(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], 'all');
    same(await seqs({ limit: 3 }), [1, 2, 3], 'the first three');
    same(await seqs({ after: 3, limit: 3 }), [4, 5, 6], 'the next three');
    same(await seqs({ after: 8 }), [9, 10, 11, 12], 'the rest');
    same(await seqs({ after: 12 }), [], 'after the last');
    same((await store.history(address(), { after: 11 }))[0]?.arrival, { kind: 'event', name: 'E12' }, 'a row');
  });

  test('5 reads need no ownership', async ({ connect }) => {
    const owner = await connect();
    const { epoch } = await owner.acquire();
    await fill(owner, epoch, [address()], 2);
    await owner.accept(anEvent(address()));
    if (!shared) await owner.close();
    const reader = await connect();
    same(await seqOf(reader, address()), 2, 'load');
    same((await reader.head(address()))?.seq, 2, 'head');
    same((await reader.list()).rows.length, 1, 'list');
    same((await reader.inbox()).length, 1, 'inbox');
    same((await reader.history(address())).length, 2, 'history');
  });

  test('5 what a reader was given stays as it was', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()], 1);
    const before = await store.load(address());
    await store.accept(anEvent(address()));
    await store.commit(aCheckpoint(address(), 1, epoch, [{ op: 'remove', id: 'input' }]));
    same(before?.row.seq, 1, 'seq');
    holds(before?.values.has('input') === true, 'the value that was removed is still in the copy');
    same(before?.inbox, [], 'inbox');
  });
}
