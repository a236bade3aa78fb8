import { restartBrowser } from '@holdfast/browser/playwright';
import { expect, type Page } from '@playwright/test';
import type { StorePage } from '../pages/store/main.js';
import { test } from '../support/shared-browser.js';

declare const app: StorePage;
type Kind = Parameters<StorePage['durabilities']>[0];
type Level = Parameters<StorePage['durabilities']>[1];

test.use({ folder: 'store' });

/** Makes a tab own the store, in which there is the run `one`. */
async function own(tab: Page): Promise<void> {
  await tab.evaluate(async () => {
    app.kept.store = app.createIndexedDbStore({ name: 'store' });
    app.kept.ownership = await app.kept.store.acquire();
    await app.start(app.kept.store, 'one');
  });
}

async function owning(tab: Page): Promise<Page> {
  await own(tab);
  return tab;
}

const commitOne = (tab: Page, after: number) =>
  tab.evaluate((seq) => {
    const { store, ownership } = app.kept;
    return app.outcomeOf(store.commit(app.aCheckpoint('one', seq, ownership.epoch)));
  }, after);

test('a new owner raises the epoch in one strict transaction', async ({ openTab }) => {
  const tab = await openTab();
  const seen = await tab.evaluate(async () => {
    const store = app.createIndexedDbStore({ name: 'store' });
    await store.list();
    const transactions = app.spyOnTransactions();
    await store.acquire();
    return structuredClone(transactions);
  });
  expect(seen).toEqual([{ mode: 'readwrite', durability: 'strict', complete: true }]);
});

test('each write is as durable as the host chose, and what gives it the store is strict whatever it chose', async ({
  openTab,
}) => {
  const tab = await openTab();
  const of = (kind: Kind, level: Level) =>
    tab.evaluate(({ kind, level }) => app.durabilities(kind, level), { kind, level });
  for (const level of ['strict', 'relaxed'] as const) {
    // The epoch, a start, a checkpoint; a database of the app's is begun first, and has a local write.
    expect(await of('of its own', level)).toEqual(['strict', level, level]);
    expect(await of('Dexie', level)).toEqual(['strict', 'strict', level, level, level]);
    expect(await of('idb', level)).toEqual(['strict', 'strict', level, level, level]);
  }
});

test.describe('a commit', () => {
  test('is told when its transaction is complete, and not before', async ({ openTab }) => {
    const tab = await owning(await openTab());
    const seen = await tab.evaluate(async () => {
      const { store, ownership } = app.kept;
      const transactions = app.spyOnTransactions();
      await store.commit(app.aCheckpoint('one', 0, ownership.epoch));
      return structuredClone(transactions);
    });
    expect(seen).toEqual([{ mode: 'readwrite', durability: 'strict', complete: true }]);
  });

  test('shares its transaction with those of its turn, which is as strict as the strictest', async ({ openTab }) => {
    const tab = await owning(await openTab());
    const seen = await tab.evaluate(async () => {
      const { store, ownership } = app.kept;
      await Promise.all(['two', 'three'].map((run) => app.start(store, run)));
      const transactions = app.spyOnTransactions();
      const turn = (durabilities: readonly ('strict' | 'relaxed')[], after: number) =>
        Promise.all(
          ['one', 'two', 'three'].map((run, at) =>
            store.commit(app.aCheckpoint(run, after, ownership.epoch, { durability: durabilities[at] ?? 'relaxed' })),
          ),
        );
      await turn(['relaxed', 'strict', 'relaxed'], 0);
      await turn(['relaxed', 'relaxed', 'relaxed'], 1);
      return transactions.map(({ durability }) => durability);
    });
    expect(seen).toEqual(['strict', 'relaxed']);
  });

  test('to many runs at a time is one transaction, as are starts; each is told what came of its own', async ({
    openTab,
  }) => {
    const tab = await owning(await openTab());
    const seen = await tab.evaluate(async () => {
      const { store, ownership } = app.kept;
      const transactions = app.spyOnTransactions();
      const outcomes = async (runs: readonly string[]) =>
        Promise.all(runs.map(async (run) => (await app.start(store, run)).outcome));
      const started = await outcomes(['two', 'one', 'two', 'three']);
      const starts = transactions.length;
      await Promise.all(['two', 'three'].map((run) => store.commit(app.aCheckpoint(run, 0, ownership.epoch))));
      return { started, starts, all: transactions.length };
    });
    expect(seen).toEqual({ started: ['started', 'exists', 'exists', 'started'], starts: 1, all: 2 });
  });

  test('that waits behind another is told before the store is closed', async ({ openTab }) => {
    const tab = await owning(await openTab());
    const outcomes = await tab.evaluate(async () => {
      const { epoch } = app.kept.ownership;
      // Not the owner's connection, so that nothing but the commits keeps it open.
      const store = app.createIndexedDbStore({ name: 'store' });
      await store.list();
      const under = app.outcomeOf(store.commit(app.aCheckpoint('one', 0, epoch)));
      await new Promise((nextTurn) => setTimeout(nextTurn));
      const waiting = app.outcomeOf(store.commit(app.aCheckpoint('one', 1, epoch)));
      await store.close();
      return Promise.all([under, waiting]);
    });
    expect(outcomes).toEqual(['done', 'done']);
  });

  test('survives the SIGKILL of the whole browser once it was told', async ({ openTab, launch, origin }) => {
    const killed = await launch();
    const tab = await owning(await openTab(origin, killed.context));
    expect(await commitOne(tab, 0)).toBe('done');
    const { context } = await restartBrowser(killed.context, () => launch({ profile: killed.profile }));
    const again = await openTab(origin, context);
    expect(await again.evaluate(() => app.seqOf(app.createIndexedDbStore({ name: 'store' }), 'one'))).toBe(1);
  });
});

test.describe('a database that holds no Blobs, as in private windows of WebKit', () => {
  async function withoutBlobs(tab: Page, failure: string): Promise<Page> {
    await tab.evaluate((failure) => app.refuseBlobs(failure), failure);
    return tab;
  }

  for (const failure of ['UnknownError', 'DataCloneError']) {
    test(`which says ${failure}, holds their bytes, and gives them back as they were`, async ({ openTab }) => {
      const tab = await withoutBlobs(await openTab(), failure);
      const seen = await tab.evaluate(async () => {
        const store = app.createIndexedDbStore({ name: 'store' });
        const { epoch } = await store.acquire();
        const plain = new Blob(['plain'], { type: 'text/plain' });
        const file = new File(['a file'], 'photo.png', { type: 'image/png', lastModified: 5 });
        const attachments = [plain, file].map((blob, at) => ({ id: `given-${at}`, blob }));
        await store.accept({ kind: 'start', row: app.aRun('one', 0), input: { text: '"input"' }, attachments });
        const { ops, ...checkpoint } = app.aCheckpoint('one', 0, epoch);
        await store.commit({ ...checkpoint, ops: [...ops, { op: 'attach', id: 'made', blob: plain }] });
        const stored = await store.load({ workflow: 'w', run: 'one' });
        return Promise.all(
          [...(stored?.attachments ?? [])].map(async ([id, blob]) => [id, ...(await app.lookAt(blob as Blob))]),
        );
      });
      expect(seen).toEqual([
        ['given-0', 'plain', 'text/plain'],
        ['given-1', 'a file', 'image/png', 'photo.png', 5],
        ['made', 'plain', 'text/plain'],
      ]);
    });
  }

  test('is told from one that fails for another reason', async ({ openTab }) => {
    const tab = await withoutBlobs(await openTab(), 'QuotaExceededError');
    const outcome = await tab.evaluate(() => {
      const store = app.createIndexedDbStore({ name: 'store' });
      const attachments = [{ id: 'given', blob: new Blob(['plain']) }];
      return app.outcomeOf(store.accept({ kind: 'start', row: app.aRun('one', 0), input: { text: '1' }, attachments }));
    });
    expect(outcome).toBe('STORE_FULL');
  });
});

test.describe('over quota', () => {
  async function limit(tab: Page, quotaSize: number): Promise<void> {
    const session = await tab.context().newCDPSession(tab);
    await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(tab.url()).origin, quotaSize });
  }

  /** The limit comes first: Chromium remembers for a while how much room it saw. */
  async function owningWhatIsFull(tab: Page): Promise<Page> {
    await limit(tab, 2_000_000);
    await own(tab);
    return tab;
  }

  test('a commit is STORE_FULL, changes nothing, and works again when there is room', async ({ openTab }) => {
    const tab = await owningWhatIsFull(await openTab());
    const attempt = () =>
      tab.evaluate(async () => {
        const { store, ownership } = app.kept;
        const heavy = app.aCheckpoint('one', 0, ownership.epoch);
        const commit = store.commit({ ...heavy, ops: [...heavy.ops, app.heavy(10_000_000)] });
        return { outcome: await app.outcomeOf(commit), seq: await app.seqOf(store, 'one') };
      });
    expect(await attempt()).toEqual({ outcome: 'STORE_FULL', seq: 0 });
    await limit(tab, 500_000_000);
    expect(await attempt()).toEqual({ outcome: 'done', seq: 1 });
  });

  test('a database that has no room to begin is STORE_FULL', async ({ openTab }) => {
    const tab = await openTab();
    await limit(tab, 1);
    expect(await tab.evaluate(() => app.outcomeOf(app.createIndexedDbStore({ name: 'store' }).list()))).toBe(
      'STORE_FULL',
    );
  });

  test('one member of a group fails alone', async ({ openTab }) => {
    const tab = await owningWhatIsFull(await openTab());
    const outcomes = await tab.evaluate(async () => {
      const { store, ownership } = app.kept;
      const { epoch } = ownership;
      await app.start(store, 'two');
      await app.start(store, 'three');
      const heavy = app.aCheckpoint('two', 0, epoch);
      const group = [
        store.commit(app.aCheckpoint('one', 0, epoch)),
        store.commit({ ...heavy, ops: [...heavy.ops, app.heavy(10_000_000)] }),
        store.commit(app.aCheckpoint('three', 0, epoch)),
      ];
      return Promise.all(group.map((commit) => app.outcomeOf(commit)));
    });
    expect(outcomes).toEqual(['done', 'STORE_FULL', 'done']);
  });
});

test.describe('ownership', () => {
  test('is one tab at a time; the next has it when the first is closed', async ({ openTab }) => {
    const first = await owning(await openTab());
    const second = await openTab();
    await second.evaluate(() => {
      app.kept.store = app.createIndexedDbStore({ name: 'store' });
      app.kept.waiting = app.kept.store.acquire();
    });
    // The wait is a request made again and again: the second one shows it.
    await second.evaluate(async () => {
      const { request } = navigator.locks;
      await new Promise<void>((seen) => {
        navigator.locks.request = ((...args: Parameters<typeof request>) => {
          seen();
          return request.apply(navigator.locks, args);
        }) as typeof request;
      });
    });
    expect(await commitOne(first, 0)).toBe('done');
    await first.close();
    await second.evaluate(async () => {
      app.kept.ownership = await app.kept.waiting;
    });
    expect(await commitOne(second, 1)).toBe('done');
  });

  test('that was stolen is told to the victim, whose commits are refused', async ({ openTab }) => {
    const [victim, thief] = [await owning(await openTab()), await openTab()];
    await thief.evaluate(async () => {
      app.kept.store = app.createIndexedDbStore({ name: 'store' });
      let waiting: ReturnType<typeof app.kept.store.acquire> | undefined;
      await navigator.locks.request('holdfast:store', { steal: true }, () => {
        waiting = app.kept.store.acquire();
      });
      if (waiting) app.kept.ownership = await waiting;
    });
    await victim.waitForFunction(() => app.kept.ownership.lost.aborted);
    expect(await victim.evaluate(() => app.kept.ownership.lost.reason.code)).toBe('STORE_FENCED');
    expect(await commitOne(victim, 0)).toBe('STORE_FENCED');
    expect(await commitOne(thief, 0)).toBe('done');
  });

  test('of a database that was deleted does not reach into the one made anew', async ({ openTab }) => {
    const tab = await owning(await openTab());
    const outcome = await tab.evaluate(async () => {
      const { store, ownership } = app.kept;
      const told = new Promise((resolve) => ownership.lost.addEventListener('abort', resolve));
      await app.deleteDatabase('store');
      await told;
      await app.start(store, 'one');
      // The same epoch as the first, of another database.
      const raised = await app.openRaw('store');
      const meta = raised.transaction('holdfast_meta', 'readwrite').objectStore('holdfast_meta');
      const head = await new Promise<object>((resolve) => {
        const request = meta.get('head');
        request.onsuccess = () => resolve(request.result);
      });
      meta.put({ ...head, epoch: ownership.epoch }, 'head');
      const commit = await app.outcomeOf(store.commit(app.aCheckpoint('one', 0, ownership.epoch)));
      raised.close();
      return { commit, lost: ownership.lost.aborted };
    });
    expect(outcome).toEqual({ commit: 'STORE_FENCED', lost: true });
  });
});

test('a database of the first layout is given the index of deadlines, and keeps all that is in it', async ({
  openTab,
}) => {
  const tab = await openTab();
  const seen = await tab.evaluate(async () => {
    await app.makeFirstLayout('store');
    const store = app.createIndexedDbStore({ name: 'store' });
    const { epoch } = await store.acquire();
    const due = await store.due?.(10);
    await store.close();
    return { epoch, due: due?.map(({ run }) => run) };
  });
  expect(seen).toEqual({ epoch: 1, due: ['old'] });
});

test("an app's own database that lacks the index of deadlines is done without it", async ({ openTab }) => {
  const tab = await openTab();
  const seen = await tab.evaluate(async () => {
    await app.makeFirstLayout('store');
    const store = app.ownStore('store');
    const { epoch } = await store.acquire();
    const [due, { rows }] = [await store.due?.(10), await store.list()];
    await store.close();
    return { epoch, due, listed: rows.map(({ run }) => run) };
  });
  expect(seen).toEqual({ epoch: 1, due: [], listed: ['old'] });
});

test.describe('the connection', () => {
  test('that another tab keeps from opening is STORE_BLOCKED in time, and opens later', async ({ openTab }) => {
    const [stubborn, deleting, tab] = [await openTab(), await openTab(), await openTab()];
    await stubborn.evaluate(async () => {
      await app.start(app.createIndexedDbStore({ name: 'store' }), 'one');
      app.kept.raw = await app.openRaw('store');
    });
    await deleting.evaluate(
      () =>
        new Promise<void>((blocked) => {
          indexedDB.deleteDatabase('store').onblocked = () => blocked();
        }),
    );
    const outcome = await tab.evaluate(() => {
      app.kept.store = app.createIndexedDbStore({ name: 'store', openMs: 300 });
      return app.outcomeOf(app.kept.store.list());
    });
    expect(outcome).toBe('STORE_BLOCKED');
    await stubborn.evaluate(() => app.kept.raw.close());
    await expect.poll(() => tab.evaluate(() => app.outcomeOf(app.kept.store.list()))).toBe('done');
  });

  test('yields to a deletion, and comes back', async ({ openTab }) => {
    const [tab, other] = [await owning(await openTab()), await openTab()];
    expect(await other.evaluate(() => app.outcomeOf(app.deleteDatabase('store')))).toBe('done');
    expect(await tab.evaluate(() => app.seqOf(app.kept.store, 'one'))).toBeUndefined();
    expect(await tab.evaluate(() => app.start(app.kept.store, 'one'))).toEqual({ outcome: 'started' });
  });

  test('that the browser closed is opened again', async ({ context, openTab, origin }) => {
    const tab = await owning(await openTab());
    const session = await context.newCDPSession(tab);
    await session.send('Storage.clearDataForOrigin', { origin: origin, storageTypes: 'indexeddb' });
    await tab.waitForFunction(() => app.kept.ownership.lost.aborted);
    expect(await tab.evaluate(() => app.kept.ownership.lost.reason.code)).toBe('STORE_LOST');
    expect(await tab.evaluate(() => app.start(app.kept.store, 'one'))).toEqual({ outcome: 'started' });
    expect(await commitOne(tab, 0)).toBe('STORE_FENCED');
  });

  test('whose database is deleted under an acceptance refuses it, and takes the next', async ({ openTab }) => {
    const [tab, other] = [await owning(await openTab()), await openTab()];
    await tab.evaluate(() => {
      // What a tab notices late: it has heard nothing of the deletion when it accepts.
      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = function (...args) {
        app.kept.told = ['opened'];
        return open.apply(this, args);
      };
      app.onNextTransaction((db) => {
        indexedDB.deleteDatabase('store');
        db.close();
      }, 'before');
    });
    const starting = tab.evaluate(() => app.outcomeOf(app.start(app.kept.store, 'two')));
    expect(await starting).toBe('STORE_LOST');
    expect(await tab.evaluate(() => app.kept.told)).toEqual(['opened']);
    expect(await tab.evaluate(() => app.start(app.kept.store, 'two'))).toEqual({ outcome: 'started' });
    expect(await other.evaluate(() => app.seqOf(app.createIndexedDbStore({ name: 'store' }), 'one'))).toBeUndefined();
  });

  test('that died after a commit was stored finds it there', async ({ openTab }) => {
    const tab = await owning(await openTab());
    await tab.evaluate(() => app.loseNextAnswer());
    expect(await commitOne(tab, 0)).toBe('STORE_SEQ');
    expect(await tab.evaluate(() => app.seqOf(app.kept.store, 'one'))).toBe(1);
    expect(await commitOne(tab, 1)).toBe('done');
  });

  test('that waits behind a stubborn tab is made when that lets go, and an idle host is told what it finds', async ({
    openTab,
  }) => {
    const [stubborn, deleting, tab] = [await openTab(), await openTab(), await openTab()];
    await tab.evaluate(async () => {
      app.kept.told = [];
      const following = {
        found: () => void app.kept.told.push('found'),
        trouble: (error?: { code: string }) => void app.kept.told.push(error?.code ?? 'over'),
      };
      app.kept.store = app.createIndexedDbStore({ name: 'store', openMs: 300, following });
      app.kept.ownership = await app.kept.store.acquire();
    });
    await stubborn.evaluate(async () => {
      app.kept.raw = await app.openRaw('store');
    });
    await deleting.evaluate(() => void indexedDB.deleteDatabase('store'));
    await tab.waitForFunction(() => app.kept.told.includes('STORE_BLOCKED'));
    expect(await tab.evaluate(() => app.kept.ownership.lost.aborted)).toBe(false);
    await stubborn.evaluate(() => app.kept.raw.close());
    await tab.waitForFunction(() => app.kept.ownership.lost.aborted);
    expect(await tab.evaluate(() => app.kept.ownership.lost.reason.code)).toBe('STORE_LOST');
    await tab.waitForFunction(() => app.kept.told.at(-1) === 'found');
    expect(await tab.evaluate(() => app.kept.told)).toEqual(
      expect.arrayContaining(['found', 'STORE_BLOCKED', 'over', 'found']),
    );
  });

  test('that died without a word is opened again', async ({ openTab }) => {
    const tab = await owning(await openTab());
    await tab.evaluate(() => app.onNextTransaction((db) => db.close(), 'before'));
    expect(await commitOne(tab, 0)).toBe('done');
  });

  test('that the browser closed under a commit is opened again for it', async ({ openTab }) => {
    const tab = await owning(await openTab());
    await tab.evaluate(() => {
      const close = (db: IDBDatabase, transaction?: IDBTransaction) => {
        transaction?.abort();
        db.close();
        db.dispatchEvent(new Event('close'));
      };
      app.onNextTransaction(close, 'after');
    });
    expect(await commitOne(tab, 0)).toBe('done');
  });

  test('meets a newer format with STORE_FORMAT, opened before it or after', async ({ openTab }) => {
    const tab = await owning(await openTab());
    const outcomes = await tab.evaluate(async () => {
      const { store, ownership } = app.kept;
      const raw = await app.openRaw('store');
      const newer = raw.transaction('holdfast_meta', 'readwrite');
      newer.objectStore('holdfast_meta').put({ incarnation: 'x', format: 99, epoch: ownership.epoch }, 'head');
      await new Promise((resolve) => newer.addEventListener('complete', resolve));
      const late = app.createIndexedDbStore({ name: 'store' });
      return Promise.all([
        app.outcomeOf(store.commit(app.aCheckpoint('one', 0, ownership.epoch))),
        app.outcomeOf(app.start(store, 'two')),
        app.outcomeOf(late.list()),
      ]);
    });
    expect(outcomes).toEqual(['STORE_FORMAT', 'STORE_FORMAT', 'STORE_FORMAT']);
    expect(await tab.evaluate(() => app.kept.ownership.lost.reason.code)).toBe('STORE_FORMAT');
  });
});
