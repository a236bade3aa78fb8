import { holdfastTables } from '@holdfast/browser/dexie';
import { Dexie, type EntityTable } from 'dexie';

/** An album that is published: kept in this browser, its pictures on the server. */
export interface Album {
  readonly id: string;
  readonly approvedBy: string;
}

/** A photo of an album. Its key is given when it is added: one that were added twice would be there twice. */
export interface AlbumPhoto {
  readonly key: number;
  readonly album: string;
  readonly name: string;
  readonly original: string;
  readonly thumbnail: string;
}

/** The app's own database, for page and worker; Holdfast's records are in it too. */
export const db = new Dexie('photo-import') as Dexie & {
  albums: EntityTable<Album, 'id'>;
  photos: EntityTable<AlbumPhoto, 'key'>;
};
db.version(1).stores({ ...holdfastTables, albums: 'id', photos: '++key, album' });
