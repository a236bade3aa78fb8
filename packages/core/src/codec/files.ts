import type { Attached } from '../records/records.js';

/**
 * A store may give a File back as a Blob: the File made of it remembers which, so that it isn't stored a second time.
 */
const storedForms = new WeakMap<Blob, Blob>();

/** The File that `blob` once was. */
export function fileOf(blob: Blob, name: string, options: FilePropertyBag): File {
  const file = new File([blob], name, options);
  storedForms.set(file, blob);
  return file;
}

/** What a store gave for `attached`, when it is a File made of that; otherwise `attached` itself. */
export function storedFormOf(attached: Attached): Attached {
  return attached instanceof Blob ? (storedForms.get(attached) ?? attached) : attached;
}

export function isHandle(value: unknown): value is FileSystemHandle {
  return typeof FileSystemHandle !== 'undefined' && value instanceof FileSystemHandle;
}
