import { dexieStore } from '@holdfast/browser/dexie';
import { db } from './album.js';

/** For the worker alone. */
export const store = dexieStore(db);
