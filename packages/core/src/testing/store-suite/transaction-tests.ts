import type { Claim, Store } from '../../store/store.js';
import { holds, refuses, same } from './assert.js';
import { aCheckpoint, address, fill, seqOf } from './records.js';
import type { Declare, LocalTable, StoreTestContext } from './suite.js';

/** Point 8 of the contract: the app's rows and a checkpoint are one act. */
export function transactionTests(test: Declare): void {
  test('8 a row and a checkpoint are there together', async (context) => {
    const { store, epoch, local } = await begin(context);
    const seen: unknown[] = [];
    await transact(
      store,
      aClaim(local, epoch),
      async (open) => {
        await local.put(open, 'a');
        return 'what it gave';
      },
      (result) => seen.push(result),
    );
    same(await found(store, local), { seq: 1, keys: ['a'] }, 'what is stored');
    same(seen, ['what it gave'], 'what the checkpoint is made of');
    await store.commit(aCheckpoint(address(), 1, epoch));
    await transact(store, { ...aClaim(local, epoch), after: 2 }, (open) => local.put(open, 'b'));
    same(await found(store, local), { seq: 3, keys: ['a', 'b'] }, 'what is stored after two more');
  });

  test('8 a function that throws leaves neither, and its error is what is told', async (context) => {
    const { store, epoch, local } = await begin(context);
    const error = new RangeError('changed its mind');
    const failing = transact(store, aClaim(local, epoch), async (open) => {
      await local.put(open, 'a');
      throw error;
    });
    same(await failing.catch((told) => told === error), true, 'the error told is the one thrown');
    same(await found(store, local), { seq: 0, keys: [] }, 'what is stored');
    await transact(store, aClaim(local, epoch), (open) => local.put(open, 'b'));
    same(await found(store, local), { seq: 1, keys: ['b'] }, 'what is stored by the next');
  });

  test('8 a checkpoint that is not made leaves no row', async (context) => {
    const { store, epoch, local } = await begin(context);
    const error = new RangeError('not storable');
    const failing = transact(
      store,
      aClaim(local, epoch),
      (open) => local.put(open, 'a'),
      () => {
        throw error;
      },
    );
    same(await failing.catch((told) => told === error), true, 'the error told is the one thrown');
    same(await found(store, local), { seq: 0, keys: [] }, 'what is stored');
  });

  test('8 what the fence refuses it refuses before the function is called', async (context) => {
    const { store, epoch, local } = await begin(context);
    let calls = 0;
    const call = (change: Partial<Claim>) =>
      transact(store, { ...aClaim(local, epoch), ...change }, async () => void calls++);
    await refuses(call({ epoch: epoch + 1 }), 'STORE_FENCED', 'an epoch that was never given');
    await refuses(call({ epoch: epoch - 1 }), 'STORE_FENCED', 'an epoch of before');
    await refuses(call({ after: 1 }), 'STORE_SEQ', 'a seq that is not the stored one');
    await refuses(call({ run: 'unknown' }), 'STORE_SEQ', 'a run that was not started');
    await refuses(call({ tables: [local.table, 'no such table'] }), 'TRANSACTION_TABLE_UNKNOWN', 'an unknown table');
    same(calls, 0, 'calls of the function');
    same(await found(store, local), { seq: 0, keys: [] }, 'what is stored');
  });

  test('8 another owner does not get between', async (context) => {
    const { store, epoch, local, release } = await begin(context);
    let took: Promise<number> | undefined;
    const writing = transact(store, aClaim(local, epoch), async (open) => {
      took = release().then(async () => (await store.acquire()).epoch);
      await local.put(open, 'a');
    }).then(
      () => true,
      () => false,
    );
    const isStored = await writing;
    holds((await took) === epoch + 1, 'the next owner has come');
    same(await found(store, local), isStored ? { seq: 1, keys: ['a'] } : { seq: 0, keys: [] }, 'what is stored');
    const stale = transact(store, { ...aClaim(local, epoch), after: isStored ? 1 : 0 }, (open) => local.put(open, 'b'));
    await refuses(stale, 'STORE_FENCED', 'the owner of before');
    same((await found(store, local)).keys, isStored ? ['a'] : [], 'rows');
  });

  test('8 writes of several runs at once are all there', async (context) => {
    const { store, epoch, local } = await begin(context);
    const runs = ['a', 'b', 'c'];
    await fill(
      store,
      epoch,
      runs.map((run) => address(run)),
    );
    const writes = runs.map((run) => transact(store, { ...aClaim(local, epoch), run }, (open) => local.put(open, run)));
    const commit = store.commit(aCheckpoint(address(), 0, epoch));
    await Promise.all([...writes, commit]);
    same(await found(store, local), { seq: 1, keys: ['a', 'b', 'c'] }, 'what is stored');
  });
}

async function begin({ connect, local }: StoreTestContext) {
  if (!local) throw new Error('a database that claims transactions needs `local`');
  const store = await connect();
  const { epoch, release } = await store.acquire();
  await fill(store, epoch, [address()]);
  return { store, epoch, local, release };
}

function aClaim({ table }: LocalTable, epoch: number): Claim {
  return { ...address(), epoch, after: 0, tables: [table] };
}

async function transact(
  store: Store,
  claim: Claim,
  perform: (transaction: unknown) => PromiseLike<unknown>,
  made: (result: unknown) => unknown = () => {},
): Promise<void> {
  if (!store.transact) throw new Error('it has no transact');
  return store.transact(claim, perform, (result) => {
    made(result);
    return aCheckpoint(claim, claim.after, claim.epoch);
  });
}

async function found(store: Store, local: LocalTable) {
  return { seq: await seqOf(store, address()), keys: [...(await local.keys())].sort() };
}
