import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from './refusal.js';

/** Kinds of picture that are taken, and given back: none of them can carry script. */
const PICTURE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'];

export interface AlbumPhoto {
  readonly name: string;
  /** SHA-256 of the original and of its thumbnail, as they were uploaded. */
  readonly original: string;
  readonly thumbnail: string;
}

export interface Album {
  readonly id: string;
  readonly approvedBy: string;
  readonly photos: readonly AlbumPhoto[];
}

/** Owns the pictures and albums on disk. A file is there in whole or not at all. */
export class PhotoShelf {
  readonly #pictures: string;
  readonly #albums: string;

  private constructor(directory: string) {
    this.#pictures = join(directory, 'pictures');
    this.#albums = join(directory, 'albums');
  }

  static async open(directory: string): Promise<PhotoShelf> {
    const shelf = new PhotoShelf(directory);
    await mkdir(shelf.#pictures, { recursive: true });
    await mkdir(shelf.#albums, { recursive: true });
    return shelf;
  }

  async putPicture(body: Buffer, type: string): Promise<{ sha: string; bytes: number }> {
    if (!PICTURE_TYPES.includes(type)) throw new Refusal(415, `"${type}" is not a kind of picture that is taken here.`);
    const sha = createHash('sha256').update(body).digest('hex');
    await writeWhole(join(this.#pictures, `${sha}.${type.slice('image/'.length)}`), body);
    return { sha, bytes: body.length };
  }

  async getPicture(sha: string): Promise<{ body: Buffer; type: string } | undefined> {
    if (!/^[0-9a-f]{64}$/.test(sha)) return undefined;
    for (const type of PICTURE_TYPES) {
      const body = await readIfThere(join(this.#pictures, `${sha}.${type.slice('image/'.length)}`));
      if (body) return { body, type };
    }
    return undefined;
  }

  async putAlbum(album: Album): Promise<{ id: string; photos: number }> {
    for (const { name, original, thumbnail } of album.photos) {
      const there = (await this.getPicture(original)) && (await this.getPicture(thumbnail));
      if (!there) throw new Refusal(422, `The pictures of "${name}" were never uploaded.`);
    }
    await writeWhole(this.#albumPath(album.id), Buffer.from(JSON.stringify(album)));
    return { id: album.id, photos: album.photos.length };
  }

  async getAlbum(id: string): Promise<Album | undefined> {
    const text = await readIfThere(this.#albumPath(id));
    return text && (JSON.parse(text.toString('utf8')) as Album);
  }

  #albumPath(id: string): string {
    if (!/^[\w-]{1,64}$/.test(id)) throw new Refusal(400, 'An album id is 1 to 64 letters, digits, "-" or "_".');
    return join(this.#albums, `${id}.json`);
  }
}

let writes = 0;

async function writeWhole(path: string, body: Buffer): Promise<void> {
  const draft = `${path}.${process.pid}-${++writes}`;
  const file = await open(draft, 'w');
  await file.writeFile(body);
  await file.datasync();
  await file.close();
  await rename(draft, path);
}

function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch(ignoreMissing);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
