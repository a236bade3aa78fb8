import { isHoldfastError } from '../../errors/index.js';
import type { StoredRun } from '../../records/records.js';
import type { Ownership, Store, StoreChange } from '../../store/store.js';
import { holds, refuses, same } from './assert.js';
import { aCheckpoint, address, anEvent, aStart, fill, seqOf } from './records.js';
import type { Declare } from './suite.js';

/** A second acquisition: waiting is one right answer, `STORE_OWNED` the other. */
async function tryToAcquire(store: Store, signal: AbortSignal): Promise<'ended' | 'owned' | Ownership> {
  return store.acquire({ signal }).catch((error: unknown) => {
    if (isHoldfastError(error, 'STORE_OWNED')) return 'owned';
    if (isHoldfastError(error, 'CLOSED')) return 'ended';
    throw error;
  });
}

/** Point 6 of the contract, `watch` and `close`. */
export function ownerTests(test: Declare, { shared }: { shared: boolean }): void {
  test('6 epochs rise with every acquisition, over openings too', async ({ connect }) => {
    const epochs: number[] = [];
    for (let opening = 0; opening < 3; opening++) {
      const store = await connect();
      for (let turn = 0; turn < 2; turn++) {
        const { epoch, release } = await store.acquire();
        epochs.push(epoch);
        await release();
      }
      await store.close();
    }
    holds(
      epochs.every((epoch, at) => at === 0 || epoch > (epochs[at - 1] as number)),
      `epochs ${epochs.join()} rise`,
    );
  });

  test('6 an owner knows whether the one before gave its right back', async ({ connect }) => {
    const told: boolean[] = [];
    const lives = async (...ends: ('release' | 'close')[]) => {
      const store = await connect();
      for (const end of ends) {
        const { afterCrash, release } = await store.acquire();
        told.push(afterCrash);
        if (end === 'release') await release();
      }
      await store.close();
    };
    await lives('release', 'release');
    await lives('close');
    await lives('close');
    await lives('release', 'close');
    await lives('release');
    same(told, [false, false, false, true, true, false, true], 'whether a crash came before');
  });

  test('6 there is one owner at a time', async ({ connect }) => {
    const store = await connect();
    const rival = shared ? await connect() : store;
    const { epoch, release, lost } = await store.acquire();
    await fill(store, epoch, [address()]);
    const aborter = new AbortController();
    const attempt = tryToAcquire(rival, aborter.signal);
    await store.commit(aCheckpoint(address(), 0, epoch));
    aborter.abort();
    const outcome = await attempt;
    holds(outcome === 'owned' || outcome === 'ended', 'the rival did not become owner');
    same(lost.aborted, false, 'the owner lost its right');
    await store.commit(aCheckpoint(address(), 1, epoch));
    await release();
    holds((await rival.acquire()).epoch > epoch, 'the next epoch is above');
  });

  test('6 a wait that is aborted before it begins ends with CLOSED', async ({ connect }) => {
    const store = await connect();
    const signal = AbortSignal.abort();
    await refuses(store.acquire({ signal }), 'CLOSED', 'an aborted wait for a free store');
    await store.acquire();
    const outcome = await tryToAcquire(store, signal);
    holds(outcome === 'ended' || outcome === 'owned', 'an aborted wait for an owned store ends');
  });

  test('close ends every use, and may be called twice', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    const commit = store.commit(aCheckpoint(address(), 0, epoch));
    const event = store.accept(anEvent(address()));
    await store.close();
    await store.close();
    await Promise.all([commit, event]);
    const calls: Record<string, () => Promise<unknown>> = {
      acquire: () => store.acquire(),
      commit: () => store.commit(aCheckpoint(address(), 1, epoch)),
      accept: () => store.accept(aStart(address('two'))),
      load: () => store.load(address()),
      head: () => store.head(address()),
      list: () => store.list(),
      inbox: () => store.inbox(),
      history: () => store.history(address()),
    };
    for (const [name, call] of Object.entries(calls)) await refuses(call(), 'CLOSED', name);
    const next = await connect();
    holds((await next.acquire()).epoch > epoch, 'close gave the right back');
    same(await seqOf(next, address()), 1, 'seq of what was under way');
    same((await next.inbox(address())).length, 1, 'inbox of what was under way');
  });

  if (shared) sharedTests(test);
}

function sharedTests(test: Declare): void {
  test('6 the next owner fences the one before, on both connections', async ({ connect }) => {
    const [one, two] = [await connect(), await connect()];
    const before = await one.acquire();
    await fill(one, before.epoch, [address()], 1);
    await before.release();
    const { epoch } = await two.acquire();
    for (const store of [one, two]) {
      await refuses(store.commit(aCheckpoint(address(), 1, before.epoch)), 'STORE_FENCED', 'the old epoch');
    }
    await two.commit(aCheckpoint(address(), 1, epoch));
    same(await seqOf(one, address()), 2, 'seq');
  });

  test('6 of those who ask at once, each becomes owner in its turn, or is told', async ({ connect }) => {
    const stores = [await connect(), await connect(), await connect()];
    let owners = 0;
    const epochs: number[] = [];
    const turns = stores.map(async (store) => {
      const ownership = await tryToAcquire(store, new AbortController().signal);
      if (typeof ownership === 'string') return;
      owners++;
      holds(owners === 1, 'there is one owner at a time');
      epochs.push(ownership.epoch);
      await store.head(address());
      owners--;
      await ownership.release();
    });
    await Promise.all(turns);
    same(
      epochs,
      [...new Set(epochs)].sort((a, b) => a - b),
      'epochs',
    );
    holds(epochs.length > 0, 'somebody became owner');
  });

  test('6 closing a connection hands its right on, and ends its waits', async ({ connect }) => {
    const [one, two, three] = [await connect(), await connect(), await connect()];
    const { epoch } = await one.acquire();
    const never = new AbortController().signal;
    const ended = tryToAcquire(two, never);
    const next = tryToAcquire(three, never);
    await two.close();
    const outcome = await ended;
    holds(outcome === 'ended' || outcome === 'owned', 'the wait of a closed connection ended');
    await one.close();
    const owner = await next;
    holds(owner === 'owned' || (typeof owner === 'object' && owner.epoch > epoch), 'the third is the next owner');
  });

  test('watch tells of the changes of other connections, and of no others', async ({ connect }) => {
    const [mine, other] = [await connect(), await connect()];
    const { epoch } = await other.acquire();
    const heard: StoreChange[] = [];
    const stopped: StoreChange[] = [];
    let wake = () => {};
    mine.watch((change) => {
      // That something may have been missed, a store may say whenever it likes.
      if (change.kind === 'missed') return;
      heard.push(change);
      wake();
    });
    mine.watch((change) => stopped.push(change))();
    const hears = async (count: number) => {
      while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    await mine.accept(aStart(address('of my own')));
    await other.accept(aStart(address()));
    await hears(1);
    await other.commit(aCheckpoint(address(), 0, epoch));
    await hears(2);
    await other.accept(anEvent(address()));
    await hears(3);
    const kinds = ['accepted', 'committed', 'accepted'] as const;
    same(
      heard,
      kinds.map((kind) => ({ kind, ...address() })),
      'what was heard',
    );
    same(stopped, [], 'what a stopped listener heard');
  });

  test('5 who is told that a run has changed reads it as it is now', async ({ connect }) => {
    const [mine, other] = [await connect(), await connect()];
    const told = new Promise<StoredRun | undefined>((resolve) => {
      mine.watch(({ kind }) => kind === 'accepted' && resolve(mine.load(address())));
    });
    await mine.acquire();
    await mine.accept(aStart(address()));
    await mine.load(address());
    await other.accept(anEvent(address()));
    same((await told)?.inbox.length, 1, 'events');
  });

  test('5 what another connection has accepted is read before long, though nobody is told', async ({ connect }) => {
    const [mine, other] = [await connect(), await connect()];
    await mine.acquire();
    await mine.accept(aStart(address()));
    await mine.load(address());
    await other.accept(anEvent(address()));
    while ((await mine.load(address()))?.inbox.length === 0) await mine.head(address());
  });

  test('5 who has given its right away reads what the next owner commits', async ({ connect }) => {
    const [mine, other] = [await connect(), await connect()];
    const before = await mine.acquire();
    await mine.accept(aStart(address()));
    await before.release();
    const { epoch } = await other.acquire();
    await other.commit(aCheckpoint(address(), 0, epoch));
    same(await seqOf(mine, address()), 1, 'its checkpoint');
  });
}
