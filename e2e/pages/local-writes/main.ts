import { createHoldfast } from '@holdfast/browser';
import { type Orders, openAlbum, type Row } from './album.js';
import type { App } from './dexie-worker.js';

const scripts = {
  Dexie: (name: string) => new Worker(new URL('./dexie-worker.ts', import.meta.url), { type: 'module', name }),
  idb: (name: string) => new Worker(new URL('./idb-worker.ts', import.meta.url), { type: 'module', name }),
};

export type Kind = keyof typeof scripts;

let made = 0;

/** Opens the app over that database. The first worker dies where it is told to. */
function open(kind: Kind, { database, die }: Orders) {
  let isFirst = true;
  return createHoldfast<App>(
    () => {
      made++;
      const worker = scripts[kind](JSON.stringify({ database, ...(die && isFirst ? { die } : {}) } satisfies Orders));
      isFirst = false;
      return worker;
    },
    { name: database },
  );
}

/** Dexie numbers its versions in tens. */
async function rowsIn(kind: Kind, database: string): Promise<readonly Row[]> {
  if (kind === 'idb') {
    const db = await openAlbum(database);
    const rows = await db.getAll('rows');
    db.close();
    return rows;
  }
  const { dexieAlbum } = await import('./album.js');
  const db = dexieAlbum(database);
  const rows = await db.rows.toArray();
  db.close();
  return rows;
}

async function journalOf(kind: Kind, database: string, id: string): Promise<string[]> {
  const history = await open(kind, { database }).run('write', id).history();
  return history.flatMap(({ arrival }) => (arrival.kind === 'step' ? `${arrival.name} ${arrival.outcome}` : []));
}

async function outcomeOf(call: Promise<unknown>) {
  return call.then(
    (value) => ({ value }),
    (error: { code?: string; cause?: { code?: string; name?: string } }) => ({
      code: error.code,
      cause: error.cause?.code ?? error.cause?.name,
    }),
  );
}

const app = { open, rowsIn, journalOf, outcomeOf, made: () => made };

/** What the tests do in this page. */
export type LocalWritesPage = typeof app;
Object.assign(globalThis, { app });
