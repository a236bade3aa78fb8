import { serveHoldfast } from '@holdfast/browser/worker';
import { workflows } from './workflows.js';

/** What this worker has put into IndexedDB so far. */
export interface Written {
  /** Characters of text. */
  text: number;
  /** Of Blobs and ArrayBuffers. */
  bytes: number;
}

const written: Written = { text: 0, bytes: 0 };

function count(value: unknown): void {
  if (typeof value === 'string') written.text += value.length;
  else if (value instanceof Blob) written.bytes += value.size;
  else if (value instanceof ArrayBuffer) written.bytes += value.byteLength;
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) count(part);
}

for (const method of ['put', 'add'] as const) {
  const original = IDBObjectStore.prototype[method];
  IDBObjectStore.prototype[method] = function (value, key) {
    count(value);
    return original.call(this, value, key);
  };
}

const asked = new BroadcastChannel('written');
asked.onmessage = ({ data }) => {
  if (data === '?') asked.postMessage(written);
};

export const host = serveHoldfast({ workflows });
export type App = typeof host;
