import { createHoldfast } from '@holdfast/browser';
import type { App } from './worker.js';

const holdfast = createHoldfast<App>(() => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
const seen: boolean[] = [];
holdfast.connectivity.subscribe(({ online }) => seen.push(online));

const app = { holdfast, seen };

/** What the tests do in this page. */
export type OfflinePage = typeof app;
Object.assign(globalThis, { app });
