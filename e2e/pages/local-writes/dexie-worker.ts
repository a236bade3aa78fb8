import { dexieStore } from '@holdfast/browser/dexie';
import { serveHoldfast } from '@holdfast/browser/worker';
import type { Transaction } from 'dexie';
import { dexieAlbum } from './album.js';
import { orders, writing } from './writing.js';

const db = dexieAlbum(orders.database);

export const host = serveHoldfast({
  store: dexieStore(db),
  workflows: writing<Transaction & Pick<typeof db, 'rows'>>({
    put: ({ rows }, n) => rows.add({ n }),
    // By the app's own handle: that it is within a transaction, Dexie knows.
    count: () => db.rows.count(),
    clash: async ({ rows }) => {
      const [row] = await rows.toArray();
      return rows.add(row as { id: number; n: number });
    },
    raw: ({ idbtrans }) => idbtrans,
  }),
});
export type App = typeof host;
