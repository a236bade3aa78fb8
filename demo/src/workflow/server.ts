import type { StepContext } from '@holdfast/core';

/** Who asks: the server writes both into its ledger. */
export interface Asker {
  readonly step: string;
  readonly album: string;
}

/** The server has understood the request and will never execute it: trying again is no use. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
}

/** Uploads a picture; resolves with the SHA-256 under which the server keeps it. */
export async function uploadPicture(image: Blob, asker: Asker, context: StepContext): Promise<string> {
  const request = { method: 'POST', body: image, type: image.type };
  const { sha } = await ask<{ sha: string }>('/api/pictures', request, asker, context);
  return sha;
}

/** Publishes an album of pictures that are uploaded. */
export async function putAlbum(album: object, asker: Asker, context: StepContext): Promise<{ photos: number }> {
  const request = { method: 'PUT', body: JSON.stringify(album), type: 'application/json' };
  return ask(`/api/album/${asker.album}`, request, asker, context);
}

async function ask<T>(
  path: string,
  { method, body, type }: { method: string; body: BodyInit; type: string },
  { step, album }: Asker,
  { idempotencyKey, signal }: StepContext,
): Promise<T> {
  const headers = { 'Idempotency-Key': idempotencyKey, Step: step, Album: album, 'Content-Type': type };
  const response = await fetch(path, { method, headers, body, signal });
  if (response.ok) return (await response.json()) as T;
  const text = `${method} ${path} was answered with ${response.status}: ${await response.text()}`;
  throw response.status < 500 ? new RequestRefused(text) : new Error(text);
}
