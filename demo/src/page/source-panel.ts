import type { Photo } from '../workflow/photo.js';
import { byId } from './element.js';

/** Pictures that come with the demo. */
const BUNDLED = [
  'dawn-over-the-fjord',
  'first-frost',
  'red-valley',
  'kelp-forest',
  'night-watch',
  'meadow-in-june',
  'dunes',
  'northern-lights',
  'harbour-blue-hour',
  'autumn-ridge',
  'lavender-rain',
  'tea-terraces',
];

/** Lets a person drop, choose or take photos; `take` is called with them, once at a time. */
export function listenToSource(take: (photos: Photo[]) => Promise<void>): void {
  const drop = byId('drop');
  const files = byId<HTMLInputElement>('files');
  const offer = async (photos: Photo[] | Promise<Photo[]>) => {
    const source = byId('source');
    source.inert = true;
    try {
      await take(await photos);
    } finally {
      source.inert = false;
    }
  };
  byId('take-bundled').addEventListener('click', () => offer(bundledPhotos()));
  files.addEventListener('change', () => offer(photosOf(files.files)));
  drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.dataset.over = 'true';
  });
  drop.addEventListener('dragleave', () => delete drop.dataset.over);
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    delete drop.dataset.over;
    void offer(photosOf(event.dataTransfer?.files));
  });
}

export function showSource(visible: boolean): void {
  if (byId('source').hidden === !visible) return;
  byId('source').hidden = !visible;
  byId<HTMLInputElement>('files').value = '';
}

function photosOf(files: FileList | null | undefined): Photo[] {
  return Array.from(files ?? [], (file) => ({ name: file.name, image: file }));
}

function bundledPhotos(): Promise<Photo[]> {
  return Promise.all(
    BUNDLED.map(async (name) => {
      const response = await fetch(`/photos/${name}.jpg`);
      if (!response.ok) throw new Error(`The bundled photo ${name} is not there (${response.status}).`);
      return { name: `${name}.jpg`, image: await response.blob() };
    }),
  );
}
