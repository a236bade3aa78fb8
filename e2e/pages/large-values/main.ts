import { createHoldfast } from '@holdfast/browser';
import type { App, Written } from './worker.js';

const holdfast = createHoldfast<App>(() => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));

/** What the worker of this page has written since it began. */
async function written(): Promise<Written> {
  const channel = new BroadcastChannel('written');
  const answer = new Promise<Written>((resolve) => {
    channel.onmessage = ({ data }) => resolve(data);
  });
  channel.postMessage('?');
  const counts = await answer;
  channel.close();
  return counts;
}

/** The file that was picked. */
function picked(): File {
  const [file] = document.querySelector('input')?.files ?? [];
  if (!file) throw new Error('No file was picked.');
  return file;
}

async function importPicked(id: string, chunkBytes: number): Promise<void> {
  await holdfast.start('import', { id, input: { file: picked(), chunkBytes } });
}

/** The attachments that are stored. */
async function stored(): Promise<unknown[]> {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('holdfast');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const all = await new Promise<unknown[]>((resolve, reject) => {
    const request = db.transaction('holdfast_attachments').objectStore('holdfast_attachments').getAll();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  db.close();
  return all;
}

async function attached(): Promise<number[]> {
  const sizeOf = (one: unknown) => (one instanceof Blob ? one.size : one instanceof ArrayBuffer ? one.byteLength : 0);
  return (await stored()).map(sizeOf);
}

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: { code?: string; message?: string }) => `${error.code}: ${error.message}`,
  );
}

/** Resolves when what is seen of a run is as asked for. */
function until<S>(
  run: { getSnapshot(): S; subscribe(listener: (snapshot: S) => void): unknown },
  is: (snapshot: S) => boolean,
): Promise<S> {
  return new Promise((resolve) => {
    const look = (snapshot: S) => is(snapshot) && resolve(snapshot);
    run.subscribe(look);
    look(run.getSnapshot());
  });
}

const app = { holdfast, written, picked, importPicked, stored, attached, until, outcomeOf };

/** What the tests do in this page. */
export type LargeValuesPage = typeof app;
Object.assign(globalThis, { app });
