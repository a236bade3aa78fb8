import { dexieStore } from '@holdfast/browser/dexie';
import { serveHoldfast } from '@holdfast/browser/worker';
import type { Transaction } from 'dexie';
import { dexieAlbum } from './album.js';
import { orders, writing } from './writing.js';

const db = dexieAlbum(orders.database);

// By the app's own handle: that it is within a transaction, Dexie knows.
export const host = serveHoldfast({
  store: dexieStore(db),
  workflows: writing<Transaction>({
    put: (_, n) => db.rows.add({ n }),
    count: () => db.rows.count(),
    clash: async () => {
      const [row] = await db.rows.toArray();
      return db.rows.add(row as { id: number; n: number });
    },
    raw: ({ idbtrans }) => idbtrans,
  }),
});
export type App = typeof host;
