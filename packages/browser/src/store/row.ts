import type { Attached, Labels, RunRow } from '@holdfast/core/store';

/** A label, and the run that has it: keys of one label are in the order of (workflow, run). */
export type LabelKey = [name: string, text: string, workflow: string, run: string];

/** A head as it is stored: with what the index of labels is made of. */
export type LabelledRow = RunRow & { readonly labelKeys?: readonly LabelKey[] };

/** A Blob as its bytes, where a database holds no Blobs: so it is in WebKit's private windows. */
interface BlobBytes {
  readonly bytes: ArrayBuffer;
  readonly type: string;
  /** For a File. */
  readonly file?: { readonly name: string; readonly lastModified: number };
}

/** ArrayBuffers and handles are stored as they are. */
export type StoredAttached = Attached | BlobBytes;

export function fromRow(row: RunRow): LabelledRow {
  const { labels, workflow, run } = row;
  return labels ? { ...row, labelKeys: labelsIn(labels).map(([name, text]) => [name, text, workflow, run]) } : row;
}

export function toRow({ labelKeys: _, ...row }: LabelledRow): RunRow {
  return row;
}

export function labelsIn(labels: Labels): [name: string, text: string][] {
  return Object.entries(labels);
}
