import type { Attached, Checkpoint, Op } from '@holdfast/core/store';
import type { StoredAttached } from './row.js';
import type { Database } from './schema.js';

/** What is put into the database for an attachment. */
export type ToStored = (blob: Attached) => StoredAttached;

/** One that no run has. */
const PROBE: [string, string, string] = ['', '', 'probe'];

const probed = new WeakMap<Database, Promise<boolean>>();

/**
 * What to put for these attachments. Blobs are read here, where they have to be: within a transaction nothing but requests may
 * be awaited.
 */
export async function storable(db: Database, attached: readonly Attached[]): Promise<ToStored> {
  const blobs = attached.filter((one) => one instanceof Blob);
  if (blobs.length === 0 || (await holdsBlobs(db))) return (blob) => blob;
  const read = new Map<Attached, StoredAttached>(
    await Promise.all(blobs.map(async (blob) => [blob, await bytesOf(blob)] as const)),
  );
  return (blob) => read.get(blob) ?? blob;
}

export function attachedBy(checkpoints: readonly Checkpoint[]): Attached[] {
  return checkpoints.flatMap(({ ops }) => ops.flatMap(attachedIn));
}

function attachedIn(op: Op): Attached[] {
  if (op.op === 'attach') return [op.blob];
  return op.op === 'restart' ? (op.start.attachments ?? []).map(({ blob }) => blob) : [];
}

export function fromStored(stored: StoredAttached): Attached {
  if (stored instanceof Blob || !('bytes' in stored)) return stored;
  const { bytes, type, file } = stored;
  if (!file) return new Blob([bytes], { type });
  return new File([bytes], file.name, { type, lastModified: file.lastModified });
}

async function bytesOf(blob: Blob): Promise<StoredAttached> {
  const bytes = await blob.arrayBuffer();
  const { type } = blob;
  if (!(blob instanceof File)) return { bytes, type };
  return { bytes, type, file: { name: blob.name, lastModified: blob.lastModified } };
}

function holdsBlobs(db: Database): Promise<boolean> {
  const known = probed.get(db);
  if (known) return known;
  const probe = tryBlob(db);
  probed.set(db, probe);
  probe.catch(() => probed.delete(db));
  return probe;
}

/** Puts one, and takes it back. */
async function tryBlob(db: Database): Promise<boolean> {
  const transaction = db.transaction('holdfast_attachments', 'readwrite');
  const ended = transaction.done.catch(() => undefined);
  try {
    await transaction.store.put(new Blob(['x']), PROBE);
    return true;
  } catch (error) {
    const { name } = error as { name?: unknown };
    if (name === 'UnknownError' || name === 'DataCloneError') return false;
    throw error;
  } finally {
    abort(transaction);
    await ended;
  }
}

/** Of those that failed, WebKit ends none by itself. */
function abort(transaction: { abort(): void }): void {
  try {
    transaction.abort();
  } catch {
    // It had ended by itself.
  }
}
