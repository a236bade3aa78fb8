import type { RunAddress } from '../../records/records.js';
import type { Op, Store } from '../../store/store.js';
import { refuses, same } from './assert.js';
import { aCheckpoint, address, anEvent, aRun, aStart, fill, value } from './records.js';
import type { Declare } from './suite.js';

const bytes = (text: string) => new Blob([text]);

/** What is left of a run, and of its neighbour whose id begins like its own. */
async function left(store: Store, at: RunAddress) {
  const run = await store.load(at);
  const history = await store.history(at);
  const inbox = await store.inbox(at);
  return {
    status: run?.row.status,
    values: [...(run?.values.keys() ?? [])].sort(),
    attachments: await Promise.all([...(run?.attachments.values() ?? [])].map((blob) => (blob as Blob).text())),
    history: history.map(({ seq }) => seq),
    inbox: inbox.map(({ id }) => id),
  };
}

const neighbour = address('one-more');
const whole = { status: 'running', values: ['input', 'left', 'right'], history: [1], inbox: ['event-1'] };

/** Point 1 of the contract, for the ops that remove. */
export function removalTests(test: Declare, { attachments }: { attachments: boolean }): void {
  /** Two runs that have everything a run can have. */
  async function twoRuns(store: Store): Promise<{ epoch: number; commit: (op: Op, after?: number) => Promise<void> }> {
    const { epoch } = await store.acquire();
    for (const at of [address(), neighbour]) {
      await fill(store, epoch, [at]);
      const attach: Op[] = attachments ? [{ op: 'attach', id: 'photo', blob: bytes(at.run) }] : [];
      await store.commit(aCheckpoint(at, 0, epoch, attach));
      await store.accept(anEvent(at));
    }
    const commit = (op: Op, after = 1) => store.commit({ ...address(), epoch, after, durability: 'strict', ops: [op] });
    return { epoch, commit };
  }
  const wholeNeighbour = { ...whole, attachments: attachments ? [neighbour.run] : [] };
  const restartWith = (text: string) => ({
    ...aStart(address(), text),
    ...(attachments ? { attachments: [{ id: 'photo', blob: bytes(text) }] } : {}),
  });

  test('1 delete removes every record of a run, and of no other', async ({ connect }) => {
    const store = await connect();
    const { commit } = await twoRuns(store);
    await commit({ op: 'delete' });
    const nothing = { status: undefined, values: [], attachments: [], history: [], inbox: [] };
    same(await left(store, address()), nothing, 'what is left');
    same(await left(store, neighbour), wholeNeighbour, 'the neighbour');
    same((await store.list()).rows.length, 1, 'runs listed');
    same((await store.accept(aStart(address()))).outcome, 'started', 'a start after that');
  });

  test('1 restart removes every record of a run and starts it anew', async ({ connect }) => {
    const store = await connect();
    const { epoch, commit } = await twoRuns(store);
    await commit({ op: 'restart', start: restartWith('again') });
    const anew = { status: 'queued', values: ['input'], history: [], inbox: [] };
    same(await left(store, address()), { ...anew, attachments: attachments ? ['again'] : [] }, 'what is there');
    same((await store.load(address()))?.values.get('input'), value('again'), 'its input');
    same(await left(store, neighbour), wholeNeighbour, 'the neighbour');
    await store.commit(aCheckpoint(address(), 0, epoch));
  });

  test('1 prune leaves the head it was given, and nothing else', async ({ connect }) => {
    const store = await connect();
    const { commit } = await twoRuns(store);
    await commit({ op: 'prune', row: aRun(address(), { seq: 2, status: 'pruned', prunedFrom: 'done' }) });
    const pruned = { status: 'pruned', values: [], attachments: [], history: [], inbox: [] };
    same(await left(store, address()), pruned, 'what is left');
    same(await left(store, neighbour), wholeNeighbour, 'the neighbour');
    same((await store.accept(aStart(address()))).outcome, 'exists', 'a start after that');
    await refuses(commit({ op: 'delete' }, 1), 'STORE_SEQ', 'a checkpoint of before');
    await commit({ op: 'restart', start: restartWith('again') }, 2);
    same((await left(store, address())).status, 'queued', 'status after a restart');
  });

  test('3 a pruned run takes controls, and no events', async ({ connect }) => {
    const store = await connect();
    const { commit } = await twoRuns(store);
    const accepted = store.accept(anEvent(address(), 'before'));
    await commit({ op: 'prune', row: aRun(address(), { seq: 2, status: 'pruned' }) });
    await accepted;
    await refuses(store.accept(anEvent(address(), 'after')), 'RUN_UNKNOWN', 'an event');
    const { kind, row } = anEvent(address(), 'control');
    same((await store.accept({ kind, row: { ...row, lane: 'control' } })).outcome, 'queued', 'a control');
  });

  test('5 a pruned run is listed only where it is asked for, over pages too', async ({ connect }) => {
    const store = await connect();
    const { commit } = await twoRuns(store);
    await commit({ op: 'prune', row: aRun(address(), { seq: 2, status: 'pruned' }) });
    const listed = async (query: Parameters<Store['list']>[0]) => (await store.list(query)).rows.map(({ run }) => run);
    same(await listed({}), [neighbour.run], 'all');
    same(await listed({ limit: 1 }), [neighbour.run], 'a page of one');
    same(await listed({ workflow: 'suite' }), [neighbour.run], 'of its workflow');
    same(await listed({ status: 'pruned' }), ['one'], 'pruned');
    same(await listed({ status: ['pruned', 'running'] }), ['one', neighbour.run], 'pruned and running');
  });

  test('1 forget removes history up to a seq, of that run alone', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address(), neighbour], 4);
    await store.commit(aCheckpoint(address(), 4, epoch, [{ op: 'forget', upTo: 3 }]));
    const seqs = async (at: RunAddress) => (await store.history(at)).map(({ seq }) => seq);
    same(await seqs(address()), [4, 5], 'history');
    same(await seqs(neighbour), [1, 2, 3, 4], 'history of the neighbour');
    same(
      (await store.history(address(), { limit: 1 })).map(({ seq }) => seq),
      [4],
      'a page of it',
    );
  });
}
