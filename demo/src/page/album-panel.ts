import { byId, element, setText } from './element.js';

interface Album {
  readonly id: string;
  readonly approvedBy: string;
  readonly photos: readonly { name: string; original: string; thumbnail: string }[];
}

/** Shows the album as the server has it. */
export async function showAlbum(id: string): Promise<void> {
  const response = await fetch(`/api/album/${id}`);
  if (!response.ok) throw new Error(`The server has no album ${id} (${response.status}).`);
  const album = (await response.json()) as Album;
  setText(
    byId('album-line'),
    `${album.photos.length} photos, approved by ${album.approvedBy}, read back from the server.`,
  );
  byId('album-photos').replaceChildren(...album.photos.map(picture));
  byId('album').hidden = false;
}

export function hideAlbum(): void {
  byId('album').hidden = true;
  byId('album-photos').replaceChildren();
}

function picture({ name, original, thumbnail }: Album['photos'][number]): HTMLElement {
  const image = element('img', { src: `/api/pictures/${thumbnail}`, alt: name, width: '320', height: '213' });
  return element('li', {}, element('a', { href: `/api/pictures/${original}`, target: '_blank' }, image));
}
