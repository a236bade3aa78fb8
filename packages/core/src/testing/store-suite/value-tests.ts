import type { Attached, RunRow, StoredValue } from '../../records/records.js';
import type { Op, Store } from '../../store/store.js';
import { holds, same } from './assert.js';
import { aCheckpoint, address, anEvent, aRun, aStart, fill, seqOf, value } from './records.js';
import type { Declare } from './suite.js';

const TEXTS = ['""', '"\\u2028 \\ud800 \\u0000 \\n"', '"line\u2028separator 日本 😀"', `"${'x'.repeat(1_000_000)}"`];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A store may freeze what it gives out; then changing it throws, which is as good. */
function tryTo(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

async function bytesOf(attached: Attached | undefined): Promise<number[] | undefined> {
  return attached && [...new Uint8Array(await new Blob([attached as Blob]).arrayBuffer())];
}

/** Point 7 of the contract: values and attachments come back equal, and are the store's own. Deletion takes them all. */
export function valueTests(test: Declare, { attachments }: { attachments: boolean }): void {
  test('7 values are read back equal', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    const values = TEXTS.map((text, at): StoredValue => ({ text, attachments: [`a${at}`, 'b'] }));
    const puts = values.map((stored, at): Op => ({ op: 'put', id: `journal/é/${at}`, value: stored }));
    const row = aRun(address(), {
      seq: 1,
      status: 'paused',
      reasons: ['person', 'exhausted'],
      progress: { done: 1, total: 3 },
      nextDeadlineAt: 5,
      closedAt: 6,
    });
    const value = { upload: { part: ['a', null, 1.5] } };
    const history = { seq: 1, at: 2, epoch, arrival: { kind: 'step', attempts: 2 }, status: 'paused', value } as const;
    const ops: Op[] = [...puts, { op: 'run', row }, { op: 'history', row: history }];
    await store.commit({ ...address(), epoch, after: 0, durability: 'strict', ops });
    const run = await store.load(address());
    same(run?.row, row, 'head');
    for (const [at, stored] of values.entries()) same(run?.values.get(`journal/é/${at}`), stored, `value ${at}`);
    same(await store.history(address()), [history], 'history');
  });

  test('7 what the caller changes after the call is not stored', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    const start = aStart(address());
    const started = store.accept(start);
    (start.row as Mutable<RunRow>).key = 'changed';
    (start.input as Mutable<StoredValue>).text = 'changed';
    await started;
    const event = anEvent(address());
    const accepted = store.accept(event);
    (event.row as { id: string }).id = 'changed';
    (event.row.body as Mutable<StoredValue>).text = 'changed';
    await accepted;
    const checkpoint = aCheckpoint(address(), 0, epoch);
    const committed = store.commit(checkpoint);
    for (const op of checkpoint.ops) {
      if (op.op === 'run') (op.row as Mutable<RunRow>).seq = 99;
      if (op.op === 'put') (op.value as Mutable<StoredValue>).text = 'changed';
      if (op.op === 'history') (op.row.arrival as { name: string }).name = 'changed';
    }
    (checkpoint.ops as Op[]).push({ op: 'delete' });
    await committed;
    const run = await store.load(address());
    same(run?.row.key, aRun(address()).key, 'key');
    same(run?.values.get('input'), value('input'), 'input');
    same(await seqOf(store, address()), 1, 'seq');
    same(
      run?.inbox.map(({ id, body }) => [id, body]),
      [['event-1', value('body of event-1')]],
      'inbox',
    );
    same((await store.history(address()))[0]?.arrival.name, 'E1', 'history');
  });

  test('7 what a reader changes is not stored', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()], 1);
    const run = await store.load(address());
    const [history] = await store.history(address());
    if (!run || !history) throw new Error('the run is not there');
    tryTo(() => ((run.row as Mutable<RunRow>).seq = 99));
    tryTo(() => ((run.values.get('left') as Mutable<StoredValue>).text = 'changed'));
    tryTo(() => (run.values as Map<string, StoredValue>).clear());
    tryTo(() => ((history.arrival as { name: string }).name = 'changed'));
    same(await seqOf(store, address()), 1, 'seq');
    same((await store.history(address()))[0]?.arrival.name, 'E1', 'history');
  });

  test('a deleted run leaves nothing, and its neighbours stay', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address('a'), address('b')], 2);
    await store.accept(anEvent(address('a'), 'for a'));
    await store.accept(anEvent(address('b'), 'for b'));
    await store.commit({ ...address('a'), epoch, after: 2, durability: 'strict', ops: [{ op: 'delete' }] });
    await nothingOf('a', store);
    same(await seqOf(store, address('b')), 2, 'seq of the neighbour');
    same(
      (await store.inbox()).map(({ id }) => id),
      ['for b'],
      'inbox of the neighbour',
    );
    same((await store.history(address('b'))).length, 2, 'history of the neighbour');
  });

  test('a run started anew after a delete has nothing of the old one', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()], 2);
    await store.commit({ ...address(), epoch, after: 2, durability: 'strict', ops: [{ op: 'delete' }] });
    same(await store.accept(aStart(address(), 'new')), { outcome: 'started' }, 'outcome');
    const run = await store.load(address());
    same([...(run?.values ?? [])], [['input', value('new')]], 'values');
    same(await store.history(address()), [], 'history');
    await store.commit(aCheckpoint(address(), 0, epoch));
    same(await seqOf(store, address()), 1, 'seq');
  });

  if (attachments) attachmentTests(test);
}

async function nothingOf(run: string, store: Store): Promise<void> {
  same(await store.load(address(run)), undefined, 'load');
  same(await store.head(address(run)), undefined, 'head');
  same(await store.history(address(run)), [], 'history');
  same(await store.inbox(address(run)), [], 'inbox');
  holds(
    (await store.list()).rows.every((row) => row.run !== run),
    'list does not show it',
  );
}

function attachmentTests(test: Declare): void {
  const blob = (...bytes: number[]) => new Blob([new Uint8Array(bytes)], { type: 'image/png' });

  test('7 attachments are read back equal, after the store was opened again too', async ({ connect }) => {
    const first = await connect();
    const { epoch } = await first.acquire();
    await first.accept({ ...aStart(address()), attachments: [{ id: 'photo/../1', blob: blob(0, 10, 255) }] });
    await first.accept({ ...anEvent(address()), attachments: [{ id: 'sent', blob: blob(2) }] });
    await first.commit(
      aCheckpoint(address(), 0, epoch, [
        { op: 'attach', id: 'thumbnail', blob: blob(1, 2, 3) },
        { op: 'attach', id: 'empty', blob: blob() },
      ]),
    );
    const check = async (store: Store) => {
      const found = (await store.load(address()))?.attachments;
      same([...(found?.keys() ?? [])].sort(), ['empty', 'photo/../1', 'sent', 'thumbnail'], 'ids');
      same(await bytesOf(found?.get('photo/../1')), [0, 10, 255], 'of the start');
      same(await bytesOf(found?.get('sent')), [2], 'of the event');
      same(await bytesOf(found?.get('thumbnail')), [1, 2, 3], 'of the checkpoint');
      same(await bytesOf(found?.get('empty')), [], 'an empty one');
      same((found?.get('thumbnail') as Blob | undefined)?.type, 'image/png', 'type');
    };
    await check(first);
    await first.close();
    const second = await connect();
    await second.acquire();
    await check(second);
  });

  test('7 an ArrayBuffer that is attached comes back as one', async ({ connect }) => {
    const first = await connect();
    const { epoch } = await first.acquire();
    const bytes = (...of: number[]) => new Uint8Array(of).buffer;
    await first.accept({ ...aStart(address()), attachments: [{ id: 'given', blob: bytes(1, 0, 2) }] });
    await first.accept({ ...anEvent(address()), attachments: [{ id: 'sent', blob: bytes(3) }] });
    await first.commit(aCheckpoint(address(), 0, epoch, [{ op: 'attach', id: 'made', blob: bytes() }]));
    await first.close();
    const second = await connect();
    await second.acquire();
    const found = (await second.load(address()))?.attachments;
    const expected = { given: [1, 0, 2], sent: [3], made: [] };
    for (const [id, content] of Object.entries(expected)) {
      holds(found?.get(id) instanceof ArrayBuffer, `${id} is an ArrayBuffer`);
      same(await bytesOf(found?.get(id)), content, id);
    }
  });

  test('1 detach removes that attachment of that run alone, also after the store was opened again', async ({
    connect,
  }) => {
    const first = await connect();
    const { epoch } = await first.acquire();
    const both = [
      { id: 'kept', blob: blob(1) },
      { id: 'dropped', blob: blob(2) },
    ];
    for (const run of ['a', 'b']) await first.accept({ ...aStart(address(run)), attachments: both });
    const detach = (id: string): Op => ({ op: 'detach', id });
    await first.commit(aCheckpoint(address('a'), 0, epoch, [detach('dropped'), detach('never there')]));
    const ids = async (store: Store, run: string) => [...((await store.load(address(run)))?.attachments.keys() ?? [])];
    same(await ids(first, 'a'), ['kept'], 'what is left');
    await first.close();
    const second = await connect();
    await second.acquire();
    same(await ids(second, 'a'), ['kept'], 'what is left after the store was opened again');
    same((await ids(second, 'b')).sort(), ['dropped', 'kept'], 'those of the neighbour');
  });

  test('2 a refused checkpoint detaches nothing', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await store.accept({ ...aStart(address()), attachments: [{ id: 'photo', blob: blob(7) }] });
    await store.commit(aCheckpoint(address(), 4, epoch, [{ op: 'detach', id: 'photo' }])).catch(() => undefined);
    same(await bytesOf((await store.load(address()))?.attachments.get('photo')), [7], 'photo');
  });

  test('attachments of one id in two runs are two', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    for (const [run, byte] of [
      ['a', 1],
      ['b', 2],
    ] as const) {
      await store.accept({ ...aStart(address(run)), attachments: [{ id: 'photo', blob: blob(byte) }] });
    }
    await store.commit({ ...address('a'), epoch, after: 0, durability: 'strict', ops: [{ op: 'delete' }] });
    same(await bytesOf((await store.load(address('b')))?.attachments.get('photo')), [2], 'photo of the other');
    await store.accept(aStart(address('a')));
    same((await store.load(address('a')))?.attachments.size, 0, 'attachments of the run that was started anew');
  });

  test('2 a refused checkpoint leaves no attachment', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    const wrong = aCheckpoint(address(), 4, epoch, [{ op: 'attach', id: 'photo', blob: blob(1) }]);
    await store.commit(wrong).catch(() => undefined);
    same((await store.load(address()))?.attachments.size, 0, 'attachments');
  });

  test('1 a checkpoint with attachments keeps its place among those of its run', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    const large = new Blob([new Uint8Array(300_000)]);
    await Promise.all([
      store.commit(aCheckpoint(address(), 0, epoch, [{ op: 'attach', id: 'large', blob: large }])),
      store.commit(aCheckpoint(address(), 1, epoch)),
    ]);
    same(await seqOf(store, address()), 2, 'seq');
    const stored = (await store.load(address()))?.attachments.get('large') as Blob | undefined;
    same(stored?.size, 300_000, 'size');
  });
}
