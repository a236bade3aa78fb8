import { createHoldfast } from '@holdfast/browser';
import { hostHere } from '@holdfast/browser/here';
import type { HostStatus } from '@holdfast/core';
import type { App } from './worker.js';
import { workflowsOf } from './workflows.js';

const query = new URLSearchParams(location.search);
/** Of the app's code, as a deployment would have changed it. */
const version = query.get('version') ?? '1';
let visibility: DocumentVisibilityState = query.has('hidden') ? 'hidden' : 'visible';
// Playwright has its browser call every page visible; who drives it otherwise wants the truth.
if (!query.has('as-it-is')) Object.defineProperty(document, 'visibilityState', { get: () => visibility });

/** An instant that means the same in every tab, in ms. */
const now = () => performance.timeOrigin + performance.now();

const workers: Pick<Worker, 'terminate'>[] = [];
const makeWorker = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: version });
const makeHost = () => hostHere({ workflows: workflowsOf(Number(version)) });
const holdfast = createHoldfast<App>(
  () => {
    const worker = query.has('here') ? makeHost() : makeWorker();
    workers.push(worker);
    return worker;
  },
  // As patient as a busy machine needs it, where a test is not about that.
  { readyTimeout: Number(query.get('ready-ms') ?? 50_000) },
);

/** How the host stood, and since when. */
const statuses: { readonly status: HostStatus; readonly at: number }[] = [];
holdfast.host.subscribe((status) => statuses.push({ status, at: now() }));

/** When this page saw each number of steps done. */
const seen: { readonly done: number; readonly at: number }[] = [];

const run = holdfast.run('chain', 'one');
run.subscribe(({ progress }) => seen.push({ done: progress?.done ?? 0, at: now() }));

/** What the run has emitted, as this page heard it. */
const emitted: { readonly type: string; readonly n?: number }[] = [];
run.on('*', (event) => emitted.push(event));

function setVisible(visible: boolean): void {
  visibility = visible ? 'visible' : 'hidden';
  document.dispatchEvent(new Event('visibilitychange'));
}

const returns = { persisted: 0 };
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) returns.persisted++;
});
addEventListener('pagehide', () => localStorage.setItem('left', String(now())));

async function outcomeOf<T>(call: Promise<T>) {
  try {
    return { value: await call };
  } catch (error) {
    const { code, details } = error as { code?: string; details?: unknown };
    return { code, details };
  }
}

const app = { holdfast, run, workers, statuses, seen, emitted, setVisible, returns, now, outcomeOf };

/** What the tests do in this page. */
export type TabsPage = typeof app;
Object.assign(globalThis, { app });
