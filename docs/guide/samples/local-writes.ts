import { dexieStore, holdfastTables } from '@holdfast/browser/dexie';
import { createHoldfastTables, idbStore } from '@holdfast/browser/idb';
import { serveHoldfast } from '@holdfast/browser/worker';
import { defineWorkflow, fromSteps } from '@holdfast/core';
import { crashEverywhere } from '@holdfast/core/testing';
import { Dexie, type EntityTable } from 'dexie';
import { type DBSchema, openDB } from 'idb';

interface Photo {
  id: string;
  album: string;
}

declare function upload(file: File, idempotencyKey: string): Promise<string>;

// Sample: the database
// album.ts: for the worker and the page alike
export const db = new Dexie('album') as Dexie & {
  photos: EntityTable<Photo, 'id'>;
  albums: EntityTable<{ id: string; size: number }, 'id'>;
};
db.version(1).stores({ ...holdfastTables, photos: 'id, album', albums: 'id' });
// End

// Sample: the store
// store.ts: for the worker alone
export const store = dexieStore(db);
// End

// Sample: the workflow
const types = {} as { input: { file: File; album: string }; store: typeof store };

const addPhoto = fromSteps({ types }, async ({ input: { file, album }, step }) => {
  const id = await step('upload', ({ idempotencyKey }) => upload(file, idempotencyKey));
  return step.transaction('add to the album', ['photos', 'albums'], async ({ photos, albums }) => {
    await photos.add({ id, album });
    const size = await photos.where({ album }).count();
    await albums.put({ id: album, size });
    return size;
  });
});
// End

const photoAdding = defineWorkflow({ id: 'add-photo', version: 1, logic: addPhoto });

// Sample: the worker
export const host = serveHoldfast({ workflows: [photoAdding], store });
// End

// Sample: idb
interface Album extends DBSchema {
  photos: { key: string; value: Photo };
}

export const idbAlbum = idbStore('album', () =>
  openDB<Album>('album', 1, {
    upgrade(db) {
      createHoldfastTables(db);
      db.createObjectStore('photos', { keyPath: 'id' });
    },
  }),
);

export const addToAlbum = fromSteps({ types: {} as { input: Photo; store: typeof idbAlbum } }, ({ input, step }) =>
  step.transaction('add', ['photos'], (tx) => tx.objectStore('photos').add(input)),
);
// End

// Sample: testing
const counting = defineWorkflow({
  id: 'count',
  version: 1,
  logic: fromSteps(({ step }) =>
    step.transaction('count', ['sums'], (tx) => {
      const sums = tx.table('sums');
      sums.set('all', (sums.get('all') ?? 0) + 1);
    }),
  ),
});

export const survives = () =>
  crashEverywhere(counting, {
    world: () => {
      const tables = new Map([['sums', new Map()]]);
      return { tables, observe: () => [...(tables.get('sums') ?? [])] };
    },
  });
// End
