// What the README leaves out:
import type { App } from './worker.js';

declare const files: File[];

// What it shows:
import { createHoldfast } from '@holdfast/browser';

const holdfast = createHoldfast<App>(() => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
const run = await holdfast.start('photo-import', { id: 'trip-2026', input: { files } }); // after a reload: the same run
console.log(await run.result());
