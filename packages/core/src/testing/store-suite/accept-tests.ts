import type { Accepted, Store } from '../../store/store.js';
import { holds, refuses, same } from './assert.js';
import { aCheckpoint, address, anEvent, aRun, aStart, fill, seqOf, value } from './records.js';
import type { Declare } from './suite.js';

const nOf = (accepted: Accepted) => (accepted.outcome === 'queued' ? accepted.n : Number.NaN);

/** Point 3 of the contract: starts and events, from whoever gives them. */
export function acceptTests(test: Declare, { shared }: { shared: boolean }): void {
  test('3 a start makes a run of seq 0 with its input', async ({ connect }) => {
    const store = await connect();
    await store.acquire();
    same(await store.accept(aStart(address())), { outcome: 'started' }, 'outcome');
    const run = await store.load(address());
    same(run?.row, aRun(address()), 'head');
    same([...(run?.values ?? [])], [['input', value('input')]], 'values');
    same(run?.inbox, [], 'inbox');
  });

  test('3 a start of a run that is there changes nothing and says so', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()], 2);
    const again = await store.accept(aStart(address(), 'another input'));
    holds(again.outcome === 'exists', 'the outcome is "exists"');
    if (again.outcome !== 'exists') return;
    same(again.row.seq, 2, 'seq of the row it met');
    same(again.input, value('input'), 'the input it met');
    same(await seqOf(store, address()), 2, 'seq');
    same((await store.load(address()))?.values.get('input'), value('input'), 'the stored input');
  });

  test('3 of concurrent starts of one run, one starts it', async ({ connect }) => {
    const store = await connect();
    await store.acquire();
    const inputs = ['a', 'b', 'c', 'd'];
    const outcomes = await Promise.all(inputs.map((input) => store.accept(aStart(address(), input))));
    same(outcomes.filter(({ outcome }) => outcome === 'started').length, 1, 'starts');
    const winner = inputs[outcomes.findIndex(({ outcome }) => outcome === 'started')] ?? '';
    same((await store.load(address()))?.values.get('input'), value(winner), 'the stored input');
    for (const accepted of outcomes)
      if (accepted.outcome === 'exists') same(accepted.input, value(winner), 'input met');
  });

  test('3 of what is accepted at once each has its own outcome', async ({ connect }) => {
    const store = await connect();
    await store.acquire();
    const starting = store.accept(aStart(address('new')));
    const sent = store.accept(anEvent(address('new'), 'first'));
    const lost = refuses(store.accept(anEvent(address('nobody'))), 'RUN_UNKNOWN', 'an unknown run');
    const full = refuses(
      store.accept({ ...anEvent(address('new'), 'second'), limit: 1 }),
      'INBOX_FULL',
      'a full inbox',
    );
    const other = store.accept(aStart(address('other')));
    same((await starting).outcome, 'started', 'the first start');
    same((await sent).outcome, 'queued', 'an event of a run that is started with it');
    await lost;
    await full;
    same((await other).outcome, 'started', 'the start behind what was refused');
    same(
      (await store.inbox()).map(({ id }) => id),
      ['first'],
      'inbox',
    );
  });

  test('3 of the runs of a workflow with one singletonKey, one is started', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    const row = (run: string, singletonKey: string) => aRun(address(run), { singletonKey });
    const start = (run: string, key: string) => store.accept({ ...aStart(address(run)), row: row(run, key) });
    const outcomes = await Promise.all(['a', 'b', 'c'].map((run) => start(run, 'key')));
    same(
      outcomes.map(({ outcome }) => outcome),
      ['started', 'singleton', 'singleton'],
      'outcomes',
    );
    same(outcomes[1], { outcome: 'singleton', row: row('a', 'key') }, 'the row they met');
    same((await start('a', 'key')).outcome, 'exists', 'its own start again');
    same((await start('d', 'other key')).outcome, 'started', 'one with another key');
    const other = { ...aStart(address('e', 'other')), row: aRun(address('e', 'other'), { singletonKey: 'key' }) };
    same((await store.accept(other)).outcome, 'started', 'one of another workflow');
    same(
      (await store.list({ workflow: 'suite' })).rows.map(({ run }) => run),
      ['a', 'd'],
      'runs',
    );
    const ended = aRun(address('a'), { seq: 1, status: 'done' });
    await store.commit({ ...address('a'), epoch, after: 0, durability: 'strict', ops: [{ op: 'run', row: ended }] });
    same((await start('b', 'key')).outcome, 'started', 'a start after the end of the one before');
    await store.commit({ ...address('b'), epoch, after: 0, durability: 'strict', ops: [{ op: 'delete' }] });
    same((await start('c', 'key')).outcome, 'started', 'a start after its deletion');
    await store.close();
    const next = await connect();
    await next.acquire();
    const again = await next.accept({ ...aStart(address('f')), row: row('f', 'key') });
    same(again, { outcome: 'singleton', row: row('c', 'key') }, 'a start when the store was opened again');
  });

  test('3 events have one order over the whole store', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address('a'), address('b')]);
    const given = ['1', '2', '3', '4', '5', '6'];
    const accepted = await Promise.all(given.map((id, at) => store.accept(anEvent(address(at % 2 ? 'b' : 'a'), id))));
    const ns = accepted.map(nOf);
    holds(
      ns.every((n, at) => at === 0 || n > (ns[at - 1] as number)),
      `n rises: ${ns.join()}`,
    );
    same(
      (await store.inbox()).map(({ id, n }) => [id, n]),
      given.map((id, at) => [id, ns[at]]),
      'inbox of the store',
    );
    same(
      (await store.inbox(address('b'))).map(({ id }) => id),
      ['2', '4', '6'],
      'inbox of one run',
    );
    same(
      (await store.load(address('a')))?.inbox.map(({ id }) => id),
      ['1', '3', '5'],
      'inbox of a loaded run',
    );
  });

  test('3 an accepted row is read back as it was given', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    const control = { ...anEvent(address(), 'control-1').row, lane: 'control' as const };
    const n = nOf(await store.accept({ kind: 'inbox', row: control }));
    same(await store.inbox(address()), [{ ...control, n }], 'inbox');
  });

  test('3 an event for a run that is not there is refused and leaves nothing', async ({ connect }) => {
    const store = await connect();
    await store.acquire();
    await refuses(store.accept(anEvent(address())), 'RUN_UNKNOWN', 'an unknown run');
    same(await store.inbox(), [], 'inbox');
    same((await store.list()).rows, [], 'runs');
  });

  test('3 n goes on rising when rows were taken and the store was opened again and again', async ({ connect }) => {
    const first = await connect();
    const { epoch } = await first.acquire();
    await fill(first, epoch, [address()]);
    const n = nOf(await first.accept(anEvent(address(), 'first')));
    await first.commit(aCheckpoint(address(), 0, epoch, [{ op: 'taken', n }]));
    await first.close();
    const second = await connect();
    await second.acquire();
    same(await second.inbox(), [], 'inbox');
    await second.close(); // Twice: by now nothing may be left of what gave the last n.
    const third = await connect();
    await third.acquire();
    holds(nOf(await third.accept(anEvent(address(), 'second'))) > n, 'the next n is above the last');
  });

  test('3 an event accepted while a commit is under way is kept', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address()]);
    const n = nOf(await store.accept(anEvent(address(), 'first')));
    const commit = store.commit(aCheckpoint(address(), 0, epoch, [{ op: 'taken', n }]));
    const accept = store.accept(anEvent(address(), 'second'));
    await Promise.all([commit, accept]);
    same(
      (await store.inbox(address())).map(({ id }) => id),
      ['second'],
      'inbox',
    );
    same(await seqOf(store, address()), 1, 'seq');
  });

  test('3 an event beyond its limit is refused, but not one that waits already, nor a control', async ({ connect }) => {
    const store = await connect();
    const { epoch } = await store.acquire();
    await fill(store, epoch, [address(), address('other')]);
    const send = (id: string, limit = 2, at = address()) => store.accept({ ...anEvent(at, id), limit });
    const waiting = async () => (await store.inbox(address())).map(({ id }) => id);
    // At once: those that are accepted together count too.
    const sent = await Promise.allSettled([send('a'), send('b'), send('c'), send('d')]);
    same(
      sent.map((one) => (one.status === 'fulfilled' ? one.value.outcome : one.reason.code)),
      ['queued', 'queued', 'INBOX_FULL', 'INBOX_FULL'],
      'outcomes',
    );
    same(await waiting(), ['a', 'b'], 'inbox');
    const [a] = sent;
    same(await send('a'), a?.status === 'fulfilled' && a.value, 'the answer to a repeated call');
    await send('a', 2, address('other'));
    const control = anEvent(address(), 'control');
    await store.accept({ ...control, row: { ...control.row, lane: 'control' } });
    await send('e', 3);
    const n = nOf(a?.status === 'fulfilled' ? a.value : { outcome: 'started' });
    await store.commit(aCheckpoint(address(), 0, epoch, [{ op: 'taken', n }]));
    await send('f', 3);
    same(await waiting(), ['b', 'control', 'e', 'f'], 'inbox after there was room again');
  });

  if (!shared) return;
  test('3 a connection that is not the owner starts and sends', async ({ connect }) => {
    const [owner, other] = [await connect(), await connect()];
    const { epoch } = await owner.acquire();
    same(await other.accept(aStart(address())), { outcome: 'started' }, 'outcome');
    await owner.commit(aCheckpoint(address(), 0, epoch));
    await other.accept(anEvent(address()));
    same(
      (await owner.load(address()))?.inbox.map(({ id }) => id),
      ['event-1'],
      'inbox as the owner sees it',
    );
    same(await seqOf(other, address()), 1, 'seq as the other sees it');
  });

  test('3 of the runs with one singletonKey, one is started by several connections', async ({ connect }) => {
    const stores = [await connect(), await connect()];
    const runs = ['a', 'b'].map((run) => aRun(address(run), { singletonKey: 'key' }));
    const outcomes = await Promise.all(runs.map((row, at) => (stores[at] as Store).accept({ ...aStart(row), row })));
    same(outcomes.map(({ outcome }) => outcome).sort(), ['singleton', 'started'], 'outcomes');
  });

  test('3 starts and events of several connections have one order', async ({ connect }) => {
    const [one, two] = [await connect(), await connect()];
    const starts = await Promise.all([one, two].map((store) => store.accept(aStart(address()))));
    same(starts.map(({ outcome }) => outcome).sort(), ['exists', 'started'], 'outcomes');
    const sent = [1, 2, 3, 4].flatMap((at) => [
      one.accept(anEvent(address(), `one-${at}`)),
      two.accept(anEvent(address(), `two-${at}`)),
    ]);
    same(new Set((await Promise.all(sent)).map(nOf)).size, 8, 'different n');
    const ids = (await one.inbox()).map(({ id }) => id);
    for (const sender of ['one', 'two']) {
      const mine = ids.filter((id) => id.startsWith(sender));
      same(
        mine,
        [1, 2, 3, 4].map((at) => `${sender}-${at}`),
        `events of connection ${sender}`,
      );
    }
  });
}
