import { fromSteps, type StepOptions } from '@holdfast/core';
import { numberOf, type Photo } from './photo.js';
import { hashOf, thumbnailOf } from './picture.js';
import { putAlbum, RequestRefused, uploadPicture } from './server.js';
import type { store } from './store.js';

/** A photo that is on the server: its hashes are its addresses there. */
export interface ImportedPhoto {
  readonly name: string;
  readonly original: string;
  readonly thumbnail: string;
}

export interface ImportResult {
  readonly imported: readonly ImportedPhoto[];
  /** Names of the files that are no picture which can be imported. */
  readonly skipped: readonly string[];
}

/** A network that is away for a day costs a day, not the import: only a refusal ends it. */
const NETWORK: StepOptions = {
  requires: 'online',
  timeout: '30s',
  retry: {
    attempts: Number.POSITIVE_INFINITY,
    delay: '500ms',
    factor: 2,
    maxDelay: '3s',
    jitter: 'equal',
    retryIf: (error) => !(error instanceof RequestRefused),
  },
};

const uploadOptions = <T extends { key: string }>() => ({
  ...NETWORK,
  name: 'upload',
  key: (upload: T) => upload.key,
  concurrency: 2,
});

/** Hashes each photo, makes its thumbnail, and uploads both: four steps a photo, numbered as they were given. */
export const importPhotos = fromSteps(
  { types: {} as { input: { album: string; photos: readonly Photo[] } } },
  async ({ input, step }): Promise<ImportResult> => {
    const photos = input.photos.map((photo, index) => ({ ...photo, number: numberOf(index) }));
    const byNumber = { key: (photo: { number: string }) => photo.number, concurrency: 2 };

    const hashes = await step.all(photos, { name: 'hash', ...byNumber }, ({ image }) => hashOf(image));
    const thumbnails = await step.all(photos, { name: 'thumbnail', ...byNumber }, ({ image }) => thumbnailOf(image));

    const readable = photos.flatMap((photo, index) => {
      const [hash, thumbnail] = [hashes[index], thumbnails[index]];
      return hash && thumbnail ? [{ ...photo, hash, thumbnail }] : [];
    });
    const uploads = readable.flatMap(({ number, image, thumbnail, hash }) => [
      { key: `${number}/original`, image, hash },
      { key: `${number}/thumbnail`, image: thumbnail, hash: undefined },
    ]);
    const addresses = await step.all(uploads, uploadOptions(), async ({ key, image, hash }, context) => {
      const address = await uploadPicture(image, { step: `upload:${key}`, album: input.album }, context);
      if (hash !== undefined && address !== hash) throw new RequestRefused(`upload:${key} arrived with other content.`);
      return address;
    });

    const imported = readable.map(({ name }, index) => ({
      name,
      original: addresses[index * 2] as string,
      thumbnail: addresses[index * 2 + 1] as string,
    }));
    return { imported, skipped: photos.filter((_, index) => !thumbnails[index]).map(({ name }) => name) };
  },
);

interface PublishTypes {
  input: { album: string; approvedBy: string; photos: readonly ImportedPhoto[] };
  store: typeof store;
}

/** Publishes the album once: to the server by a key, to the app's own database in the transaction of its checkpoint. */
export const publishAlbum = fromSteps({ types: {} as PublishTypes }, async ({ input, step }) => {
  const { album, approvedBy, photos } = input;
  await step('publish', NETWORK, (context) => putAlbum({ approvedBy, photos }, { step: 'publish', album }, context));
  await step.transaction('keep', ['albums', 'photos'], async (tables) => {
    await tables.albums.add({ id: album, approvedBy });
    await tables.photos.bulkAdd(photos.map((photo) => ({ ...photo, album })));
  });
});
