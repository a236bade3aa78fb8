// What the README leaves out:
declare function hash(file: File): Promise<string>;
declare function upload(file: File, options: { idempotencyKey: string; signal: AbortSignal }): Promise<void>;
declare function publish(hashes: readonly string[], idempotencyKey: string): Promise<string>;

// What it shows:
import { defineWorkflow, fromSteps } from '@holdfast/core';

const importPhotos = fromSteps({ types: {} as { input: { files: File[] } } }, async ({ input, step }) => {
  const hashes = await step.all(input.files, { name: 'hash', key: (file) => file.name, concurrency: 2 }, hash);
  await step.all(
    input.files,
    { name: 'upload', key: (file) => file.name, retry: { attempts: 5 }, timeout: '30s', requires: 'online' },
    (file, { idempotencyKey, signal }) => upload(file, { idempotencyKey, signal }),
  );
  return step('publish', ({ idempotencyKey }) => publish(hashes, idempotencyKey));
});
export const photoImport = defineWorkflow({ id: 'photo-import', version: 1, logic: importPhotos }); // or any XState 5 machine
