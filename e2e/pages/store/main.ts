import { dexieStore, holdfastTables } from '@holdfast/browser/dexie';
import { createHoldfastTables, idbStore } from '@holdfast/browser/idb';
import { createIndexedDbStore } from '@holdfast/browser/store';
import {
  type Checkpoint,
  type Durability,
  FORMAT_VERSION,
  type Op,
  type Ownership,
  type RunRow,
  type Store,
} from '@holdfast/core/store';
import { testStore } from '@holdfast/core/testing';
import { Dexie, type EntityTable } from 'dexie';
import { type IDBPTransaction, openDB, unwrap } from 'idb';

const bodies = new Map<string, () => Promise<void>>();

testStore(
  { test: (name, body) => bodies.set(name, body) },
  {
    name: 'IndexedDB',
    open: async () => {
      const name = `suite-${crypto.randomUUID()}`;
      return { connect: async () => createIndexedDbStore({ name }), destroy: () => deleteDatabase(name) };
    },
  },
);

interface AppRow {
  readonly key: string;
}

/** A Dexie database of an app's: one table, and Holdfast's. */
function anAlbum(name: string) {
  const db = new Dexie(name) as Dexie & { rows: EntityTable<AppRow, 'key'> };
  db.version(1).stores({ ...holdfastTables, rows: 'key' });
  return db;
}

testStore(
  { test: (name, body) => bodies.set(name, body) },
  {
    name: 'Dexie',
    supports: { transact: true },
    open: async () => {
      const name = `suite-${crypto.randomUUID()}`;
      const opened: Dexie[] = [];
      return {
        // As each tab has one of its own.
        connect: async () => {
          const db = anAlbum(name);
          opened.push(db);
          return dexieStore(db).connect();
        },
        destroy: async () => {
          for (const db of opened) db.close();
          await deleteClosing(name);
        },
        local: {
          table: 'rows',
          // By its own handle, as an app does: Dexie knows that it is within.
          put: (_, key) => (opened.at(-1) as ReturnType<typeof anAlbum>).rows.put({ key }),
          keys: () => (opened.at(-1) as ReturnType<typeof anAlbum>).rows.toCollection().primaryKeys(),
        },
      };
    },
  },
);

/** A database of an app's, as idb opens it. */
function openAlbum(name: string) {
  return openDB<{ rows: { key: string; value: AppRow } }>(name, 1, {
    upgrade(db) {
      createHoldfastTables(db);
      db.createObjectStore('rows', { keyPath: 'key' });
    },
  });
}

async function keysIn(name: string): Promise<string[]> {
  const db = await openAlbum(name);
  const keys = await db.getAllKeys('rows');
  db.close();
  return keys;
}

testStore(
  { test: (name, body) => bodies.set(name, body) },
  {
    name: 'idb',
    supports: { transact: true },
    open: async () => {
      const name = `suite-${crypto.randomUUID()}`;
      const put = (open: unknown, key: string) =>
        (open as IDBPTransaction<unknown, string[], 'readwrite'>).objectStore('rows').put({ key });
      return {
        connect: async () => idbStore(name, () => openAlbum(name)).connect(),
        destroy: () => deleteClosing(name),
        local: { table: 'rows', put, keys: () => keysIn(name) },
      };
    },
  },
);

testStore(
  { test: (name, body) => bodies.set(name, body) },
  {
    name: 'raw IndexedDB of the app',
    supports: { transact: true },
    open: async () => {
      const name = `suite-${crypto.randomUUID()}`;
      const put = (open: unknown, key: string) =>
        new Promise((resolve, reject) => {
          const request = (open as IDBTransaction).objectStore('rows').put({ key });
          request.onsuccess = resolve;
          request.onerror = () => reject(request.error);
        });
      return {
        connect: async () => idbStore(name, async () => unwrap(await openAlbum(name))).connect(),
        destroy: () => deleteClosing(name),
        local: { table: 'rows', put, keys: () => keysIn(name) },
      };
    },
  },
);

/** Waits until the last connection to it has closed: one may still be ending. */
function deleteClosing(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
}

/** Fails when a connection to it stays open. */
function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`${name} has an open connection`));
  });
}

/** A connection that is not the store's. */
function openRaw(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A database as it was before heads had an index of deadlines, with a run that waits for one. */
function makeFirstLayout(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      const { result: db, transaction } = request;
      createHoldfastTables(db);
      const runs = transaction?.objectStore('holdfast_runs');
      runs?.deleteIndex('[status+nextDeadlineAt]');
      runs?.put({ ...aRun('old', 1), status: 'waiting', nextDeadlineAt: 5 });
      transaction?.objectStore('holdfast_meta').put({ incarnation: 'one', format: FORMAT_VERSION, epoch: 0 }, 'head');
    };
    request.onsuccess = () => {
      request.result.close();
      resolve();
    };
    request.onerror = () => reject(request.error);
  });
}

function aRun(run: string, seq: number): RunRow {
  const status = seq === 0 ? 'queued' : 'running';
  return { workflow: 'w', run, key: run, version: 1, seq, status, reasons: [], createdAt: 0, updatedAt: seq };
}

function start(store: Store, run: string) {
  return store.accept({ kind: 'start', row: aRun(run, 0), input: { text: '"input"' } });
}

function aCheckpoint(run: string, after: number, epoch: number, change: Partial<Checkpoint> = {}): Checkpoint {
  const ops: Op[] = [{ op: 'run', row: aRun(run, after + 1) }];
  return { workflow: 'w', run, epoch, after, durability: 'strict', ops, ...change };
}

/** An op of about `bytes`, which do not compress. */
function heavy(bytes: number): Op {
  const noise = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(noise.subarray(at, at + 65_536));
  return { op: 'put', id: 'heavy', value: { text: new TextDecoder('latin1').decode(noise) } };
}

/** How a call ended, in a form that crosses to the test. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
}

async function seqOf(store: Store, run: string): Promise<number | undefined> {
  return (await store.head({ workflow: 'w', run }))?.seq;
}

/** The kinds of stores, each in a database that is new. */
const kinds = {
  'of its own': (durability: Durability) => createIndexedDbStore({ name: `kind-${crypto.randomUUID()}`, durability }),
  Dexie: (durability: Durability) => dexieStore(anAlbum(`kind-${crypto.randomUUID()}`)).connect({ durability }),
  idb(durability: Durability) {
    const name = `kind-${crypto.randomUUID()}`;
    return idbStore(name, () => openAlbum(name)).connect({ durability });
  },
};

/** The durability of what a host of that level writes: the epoch, a start, a checkpoint, and rows of the app's. */
async function durabilities(kind: keyof typeof kinds, level: Durability): Promise<string[]> {
  // Dexie takes hold of what makes transactions when it opens.
  const seen = spyOnTransactions();
  const store = kinds[kind](level);
  const { epoch } = await store.acquire();
  await start(store, 'one');
  await store.commit(aCheckpoint('one', 0, epoch));
  const claim = { workflow: 'w', run: 'one', epoch, after: 1, tables: ['rows'] };
  await store.transact?.(
    claim,
    async () => {},
    () => aCheckpoint('one', 1, epoch),
  );
  await store.close();
  return seen.map(({ durability }) => durability);
}

/** What the store asks of IndexedDB, from now on. */
function spyOnTransactions() {
  const seen: { mode: string; durability: string; complete: boolean }[] = [];
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (names, mode = 'readonly', options = {}) {
    const made = transaction.call(this, names, mode, options);
    const one = { mode, durability: options.durability ?? 'default', complete: false };
    made.addEventListener('complete', () => {
      one.complete = true;
    });
    if (mode === 'readwrite') seen.push(one);
    return made;
  };
  return seen;
}

/** The next read-write transaction meets `mishap`. */
function onNextTransaction(
  mishap: (db: IDBDatabase, transaction?: IDBTransaction) => void,
  when: 'before' | 'made' | 'after',
) {
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (names, mode, options) {
    if (mode !== 'readwrite') return transaction.call(this, names, mode, options);
    IDBDatabase.prototype.transaction = transaction;
    if (when === 'before') mishap(this);
    const made = transaction.call(this, names, mode, options);
    if (when === 'made') mishap(this, made);
    if (when === 'after') queueMicrotask(() => mishap(this, made));
    return made;
  };
}

/** The next read-write transaction is stored, and then its connection dies before anybody is told. */
function loseNextAnswer(): void {
  onNextTransaction((db, transaction) => {
    const swallow = (event: Event) => {
      event.stopImmediatePropagation();
      db.close();
      db.dispatchEvent(new Event('close'));
      transaction?.dispatchEvent(new Event('abort'));
    };
    transaction?.addEventListener('complete', swallow, { capture: true, once: true });
  }, 'made');
}

/** From now on no request to open a database of this page is answered. */
function muteOpen(): () => void {
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = function () {
    const request = open.call(this, 'muted');
    const swallow = (event: Event) => event.stopImmediatePropagation();
    for (const type of ['success', 'error', 'upgradeneeded']) request.addEventListener(type, swallow);
    return request;
  };
  return () => {
    IDBFactory.prototype.open = open;
  };
}

/** A store of that kind, over a database of its own. */
function aStore(kind: string, name: string, host: Parameters<ReturnType<typeof idbStore>['connect']>[0]) {
  if (kind === 'Dexie') return dexieStore(anAlbum(name)).connect(host);
  if (kind === 'idb') return idbStore(name, () => openAlbum(name)).connect(host);
  if (kind === 'IndexedDB') return createIndexedDbStore({ name, ...host });
  return idbStore(name, async () => unwrap(await openAlbum(name))).connect(host);
}

/** Deletes a database under its owner, and tells what that comes to. */
async function loseDatabase(kind: string) {
  const name = `lost-${crypto.randomUUID()}`;
  const found: string[] = [];
  const following = { found: (incarnation: string) => void found.push(incarnation), trouble: () => {} };
  const store = aStore(kind, name, { following });
  const { epoch, lost } = await store.acquire();
  await start(store, 'one');
  const told = new Promise((resolve) => lost.addEventListener('abort', resolve));
  await deleteClosing(name);
  await told;
  const outcome = {
    reason: lost.reason.code,
    another: (await store.incarnation()) !== found[0],
    start: await outcomeOf(start(store, 'one')),
    commit: await outcomeOf(store.commit(aCheckpoint('one', 0, epoch))),
  };
  await store.close();
  return outcome;
}

/** From now on the databases of this page refuse Blobs, by an error of that name. */
function refuseBlobs(failure: string): void {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (value, key) {
    if (value instanceof Blob) throw new DOMException('No Blobs here.', failure);
    return put.call(this, value, key);
  };
}

/** What a Blob is, in a form that crosses to the test. */
async function lookAt(blob: Blob): Promise<unknown[]> {
  const file = blob instanceof File ? [blob.name, blob.lastModified] : [];
  return [await blob.text(), blob.type, ...file];
}

async function runSuiteTest(name: string): Promise<void> {
  const body = bodies.get(name);
  if (!body) throw new Error(`There is no test "${name}".`);
  await body();
}

const app = {
  runSuiteTest,
  createIndexedDbStore,
  deleteDatabase,
  openRaw,
  makeFirstLayout,
  /** One that an app opens, without an upgrade. */
  ownStore: (name: string) => idbStore(name, () => openRaw(name)).connect(),
  start,
  aRun,
  aCheckpoint,
  heavy,
  outcomeOf,
  seqOf,
  spyOnTransactions,
  durabilities,
  onNextTransaction,
  loseNextAnswer,
  muteOpen,
  loseDatabase,
  refuseBlobs,
  lookAt,
  /** What a test keeps between its steps. */
  kept: {} as { store: Store; ownership: Ownership; raw: IDBDatabase; waiting: Promise<Ownership>; told: string[] },
};

/** What the tests do in this page. */
export type StorePage = typeof app;
Object.assign(globalThis, { app });
