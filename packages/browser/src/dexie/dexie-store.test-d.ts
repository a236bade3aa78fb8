import { fromSteps } from '@holdfast/core';
import { Dexie, type EntityTable, type Transaction } from 'dexie';
import { expectTypeOf, test } from 'vitest';
import { dexieStore } from './index.js';

interface Photo {
  id: string;
  album: string;
}

test('step.transaction knows the tables of the Dexie database, and what its function gives', () => {
  const db = new Dexie('album') as Dexie & {
    photos: EntityTable<Photo, 'id'>;
    albums: EntityTable<{ id: string }, 'id'>;
  };
  const store = dexieStore(db);
  fromSteps({ types: {} as { store: typeof store } }, async ({ step }) => {
    const size = await step.transaction('add', ['photos', 'albums'], async (tx) => {
      expectTypeOf(tx).toExtend<Transaction>();
      expectTypeOf(tx.photos).toEqualTypeOf(db.photos);
      return tx.photos.count();
    });
    expectTypeOf(size).toEqualTypeOf<number>();
    // @ts-expect-error a table that the database does not have
    await step.transaction('wrong', ['photo'], () => 1);
    return size;
  });
});
