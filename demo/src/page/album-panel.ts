import { type AlbumPhoto, db } from '../workflow/album.js';
import { byId, element, setText } from './element.js';

/** Shows the album as this browser's database has it, with the pictures that the server has. */
export async function showAlbum(id: string): Promise<void> {
  const album = await db.albums.get(id);
  if (!album) throw new Error(`This browser has no album ${id}.`);
  const photos = await db.photos.where({ album: id }).toArray();
  const line = `${photos.length} photos, approved by ${album.approvedBy}, each row in this browser's own database once.`;
  setText(byId('album-line'), line);
  byId('album-photos').replaceChildren(...photos.map(picture));
  byId('album').hidden = false;
}

export function hideAlbum(): void {
  byId('album').hidden = true;
  byId('album-photos').replaceChildren();
}

function picture({ name, original, thumbnail }: AlbumPhoto): HTMLElement {
  const image = element('img', { src: `/api/pictures/${thumbnail}`, alt: name, width: '320', height: '213' });
  return element('li', {}, element('a', { href: `/api/pictures/${original}`, target: '_blank' }, image));
}
