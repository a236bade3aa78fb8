import { idbStore } from '@holdfast/browser/idb';
import { serveHoldfast } from '@holdfast/browser/worker';
import { type IDBPTransaction, unwrap } from 'idb';
import { type Album, openAlbum, type Row } from './album.js';
import { orders, writing } from './writing.js';

type Open = IDBPTransaction<Album, 'rows'[], 'readwrite'>;

export const host = serveHoldfast({
  store: idbStore(orders.database, () => openAlbum(orders.database)),
  workflows: writing<Open>({
    // The key generator gives the id.
    put: (open, n) => open.objectStore('rows').add({ n } as Row),
    count: (open) => open.objectStore('rows').count(),
    clash: async (open) => {
      const [row] = await open.objectStore('rows').getAll();
      return open.objectStore('rows').add(row as Row);
    },
    raw: (open) => unwrap(open) as IDBTransaction,
  }),
});
