import { fromSteps } from '@holdfast/core';
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { expectTypeOf, test } from 'vitest';
import { idbStore } from './index.js';

interface Album extends DBSchema {
  photos: { key: string; value: { id: string } };
}

test('step.transaction knows the tables of the schema that idb was given', () => {
  const store = idbStore('album', () => openDB<Album>('album', 1));
  fromSteps({ types: {} as { store: typeof store } }, async ({ step }) => {
    const key = await step.transaction('add', ['photos'], (tx) => tx.objectStore('photos').add({ id: 'a' }));
    expectTypeOf(key).toEqualTypeOf<string>();
    // @ts-expect-error a table that the schema does not have
    await step.transaction('wrong', ['photo'], () => 1);
  });
});

test('over a plain IDBDatabase a plain transaction is handed out', () => {
  const store = idbStore('album', async () => ({}) as IDBDatabase);
  fromSteps({ types: {} as { store: typeof store } }, ({ step }) =>
    step.transaction('add', ['anything'], (tx) => expectTypeOf(tx).toEqualTypeOf<IDBTransaction>()),
  );
  expectTypeOf<IDBPDatabase>().not.toExtend<IDBDatabase>();
});
