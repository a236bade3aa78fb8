import { createHoldfast } from '@holdfast/browser';
import type { App } from '../worker.js';

let worker: Worker | undefined;

function startWorker(): Worker {
  worker = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module' });
  return worker;
}

export const holdfast = createHoldfast<App>(startWorker);

export const importOf = (id: string) => holdfast.run('photo-import', id);
export type ImportRun = ReturnType<typeof importOf>;
export type ImportSnapshot = ReturnType<ImportRun['getSnapshot']>;
/** A snapshot of an import that is there. */
export type KnownImport = ImportSnapshot & {
  readonly value: NonNullable<ImportSnapshot['value']>;
  readonly context: NonNullable<ImportSnapshot['context']>;
};

/** Ends the worker that runs now. Holdfast is not told. */
export function killWorker(): void {
  worker?.terminate();
}
