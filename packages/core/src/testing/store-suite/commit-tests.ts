import { holds, refuses, same } from './assert.js';
import { aCheckpoint, address, anEvent, aRun, aStart, fill, seqOf, value } from './records.js';
import type { Declare } from './suite.js';

/** Points 1, 2 and 4 of the contract: atomic, ordered, fenced, and one bad member alone. */
export function commitTests(test: Declare): void {
  test('1 all ops of a checkpoint are there', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()], 1);
    await store.accept(anEvent(address(), 'first'));
    const second = await store.accept(anEvent(address(), 'second'));
    const n = second.outcome === 'queued' ? second.n : 0;
    await store.commit(
      aCheckpoint(address(), 1, epoch, [
        { op: 'remove', id: 'input' },
        { op: 'put', id: 'journal/0/upload', value: value('uploaded') },
        { op: 'taken', n },
      ]),
    );
    const run = await store.load(address());
    same(run?.row, aRun(address(), { seq: 2, status: 'running', updatedAt: (run?.row.createdAt ?? 0) + 2 }), 'head');
    same([...(run?.values.keys() ?? [])].sort(), ['journal/0/upload', 'left', 'right'], 'value ids');
    same(run?.values.get('journal/0/upload'), value('uploaded'), 'journal value');
    same(
      run?.inbox.map((row) => row.id),
      ['first'],
      'inbox after one row was taken',
    );
    same(
      (await store.history(address())).map((row) => row.seq),
      [1, 2],
      'history',
    );
  });

  test('1 committed is there for the next connection', async ({ connect }) => {
    const first = await connect();
    const { epoch } = await first.acquire();
    await fill(first, epoch, [address()], 3);
    await first.accept(anEvent(address()));
    await first.close();
    const second = await connect();
    await second.acquire();
    same(await seqOf(second, address()), 3, 'seq');
    same(
      (await second.inbox(address())).map((row) => row.id),
      ['event-1'],
      'inbox',
    );
    same(
      (await second.history(address())).map((row) => row.seq),
      [1, 2, 3],
      'history',
    );
  });

  test('1 checkpoints of one run commit in the order they were given', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    const order: number[] = [];
    const commits = [0, 1, 2, 3, 4, 5, 6, 7].map((after) =>
      store.commit(aCheckpoint(address(), after, epoch)).then(() => order.push(after)),
    );
    await Promise.all(commits);
    same(await seqOf(store, address()), 8, 'seq');
    same(order, [0, 1, 2, 3, 4, 5, 6, 7], 'order of the acknowledgements');
  });

  test('1 a reader never sees half a checkpoint', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    for (let after = 0; after < 10; after++) {
      const commit = store.commit(aCheckpoint(address(), after, epoch));
      const seen = await Promise.all([seqOf(store, address()), seqOf(store, address())]);
      holds(
        seen.every((seq) => seq === after || seq === after + 1),
        `seqs ${seen.join()} while ${after + 1} commits`,
      );
      await commit;
      same(await seqOf(store, address()), after + 1, 'seq after the acknowledgement');
    }
  });

  test('1 relaxed checkpoints are read back too', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    await store.commit({ ...aCheckpoint(address(), 0, epoch), durability: 'relaxed' });
    await store.commit(aCheckpoint(address(), 1, epoch));
    same(await seqOf(store, address()), 2, 'seq');
  });

  test('2 an epoch that was never given is fenced', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    for (const wrong of [epoch + 1, epoch - 1]) {
      await refuses(store.commit(aCheckpoint(address(), 0, wrong)), 'STORE_FENCED', `epoch ${wrong}`);
    }
    same(await seqOf(store, address()), 0, 'seq');
  });

  test('2 the epoch before is fenced', async ({ connect }) => {
    const store = await connect();
    const before = await store.acquire();
    await fill(store, before.epoch, [address()], 1);
    await before.release();
    const { epoch } = await store.acquire();
    holds(epoch > before.epoch, `epoch ${epoch} is above ${before.epoch}`);
    await refuses(store.commit(aCheckpoint(address(), 1, before.epoch)), 'STORE_FENCED', 'the old epoch');
    await store.commit(aCheckpoint(address(), 1, epoch));
    same(await seqOf(store, address()), 2, 'seq');
  });

  test('2 a checkpoint that does not follow the stored seq is refused and leaves nothing', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()], 2);
    const stray = [{ op: 'put', id: 'stray', value: value('stray') }] as const;
    for (const after of [0, 1, 3]) {
      await refuses(store.commit(aCheckpoint(address(), after, epoch, stray)), 'STORE_SEQ', `after ${after}`);
    }
    await refuses(store.commit(aCheckpoint(address('unknown'), 0, epoch)), 'STORE_SEQ', 'a run that was not started');
    same(await seqOf(store, address()), 2, 'seq');
    same((await store.load(address()))?.values.has('stray'), false, 'a value of a refused checkpoint is there');
    same((await store.history(address())).length, 2, 'history rows');
    same(await store.load(address('unknown')), undefined, 'the run that was not started');
  });

  test('2 of two checkpoints after one seq, one commits', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()], 1);
    const twins = [1, 2, 3].map(() => store.commit(aCheckpoint(address(), 1, epoch)));
    const outcomes = await Promise.allSettled(twins);
    same(outcomes.filter(({ status }) => status === 'fulfilled').length, 1, 'commits');
    for (const [index, { status }] of outcomes.entries()) {
      if (status === 'rejected') await refuses(twins[index] as Promise<void>, 'STORE_SEQ', 'a twin');
    }
    same((await store.history(address())).length, 2, 'history rows');
  });

  test('4 one bad member does not fail the others of its group', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    const runs = ['a', 'b', 'c', 'd'].map((run) => address(run));
    await fill(store, epoch, runs, 1);
    const commits = runs.map((at) => store.commit(aCheckpoint(at, at.run === 'b' ? 7 : 1, epoch)));
    const stale = store.commit(aCheckpoint(address('b'), 1, epoch - 1));
    const start = store.accept(aStart(address('e')));
    const unknown = store.accept(anEvent(address('unknown')));
    const outcomes = await Promise.allSettled([...commits, stale, start, unknown]);
    const statuses = outcomes.map(({ status }) => status === 'fulfilled');
    same(statuses, [true, false, true, true, false, true, false], 'which of the group were kept');
    same(await Promise.all(runs.map((at) => seqOf(store, at))), [2, 1, 2, 2], 'seqs');
    holds((await store.head(address('e'))) !== undefined, 'the start of the group is there');
  });

  test('4 a refused call can be followed by a right one', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    await refuses(store.commit(aCheckpoint(address(), 5, epoch)), 'STORE_SEQ', 'a wrong seq');
    await store.commit(aCheckpoint(address(), 0, epoch));
    same(await seqOf(store, address()), 1, 'seq');
  });
}
