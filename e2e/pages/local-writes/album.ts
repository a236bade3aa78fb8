import { holdfastTables } from '@holdfast/browser/dexie';
import { createHoldfastTables } from '@holdfast/browser/idb';
import { Dexie, type EntityTable } from 'dexie';
import { type DBSchema, openDB } from 'idb';

export interface Row {
  readonly id: number;
  readonly n: number;
}

export interface Album extends DBSchema {
  rows: { key: number; value: Row };
}

/** An app's database: one table, whose keys its generator gives, so that a row which is put twice is there twice. */
export function dexieAlbum(name: string) {
  const db = new Dexie(name) as Dexie & { rows: EntityTable<Row, 'id'> };
  db.version(1).stores({ ...holdfastTables, rows: '++id' });
  return db;
}

export function openAlbum(name: string) {
  return openDB<Album>(name, 1, {
    upgrade(db) {
      createHoldfastTables(db);
      db.createObjectStore('rows', { keyPath: 'id', autoIncrement: true });
    },
  });
}

/** What a worker is told by its name: its database, and when to die, if it is to. */
export interface Orders {
  readonly database: string;
  readonly die?: { readonly at: Point; readonly n: number };
}

/** Where a worker may die: around and within its nth write. */
export const POINTS = ['before', 'within', 'put', 'returned', 'commit', 'after'] as const;
export type Point = (typeof POINTS)[number];
