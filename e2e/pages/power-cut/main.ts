import { createHoldfast } from '@holdfast/browser';
import { createIndexedDbStore } from '@holdfast/browser/store';
import type { App } from './worker.js';
import { NOTES } from './workflow.js';

const query = new URLSearchParams(location.search);
const name = query.get('durability') ?? 'strict';
const ledger = query.get('ledger') ?? '';
const holdfast = createHoldfast<App>(
  () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name }),
);

/** A run as the store holds it, which nobody has touched yet. */
export interface FoundRun {
  readonly id: string;
  readonly seq: number;
  readonly history: readonly { readonly seq: number; readonly epoch: number }[];
  /** Notes that were taken from the inbox, and numbers of those that are in it. */
  readonly taken: number;
  readonly waiting: readonly number[];
  /** Its completed steps, in order. */
  readonly completed: readonly string[];
}

/** What the store holds, read without a host. */
async function found(): Promise<FoundRun[]> {
  const store = createIndexedDbStore({ name: 'holdfast' });
  const { rows } = await store.list();
  const runs = await Promise.all(
    rows.map(async ({ workflow, run, seq }) => {
      const history = await store.history({ workflow, run });
      const inbox = await store.inbox({ workflow, run });
      return {
        id: run,
        seq,
        history: history.map(({ seq, epoch }) => ({ seq, epoch })),
        completed: history.flatMap(({ arrival: { outcome, name } }) =>
          outcome === 'completed' && name?.startsWith('log-') ? [name] : [],
        ),
        taken: history.filter(({ arrival }) => arrival.kind === 'event').length,
        waiting: inbox.flatMap(({ lane, id }) => (lane === 'event' ? [Number(id.slice(id.lastIndexOf('-') + 1))] : [])),
      };
    }),
  );
  await store.close();
  return runs;
}

/** Tells the ledger what this page was told. */
async function tell(what: string): Promise<void> {
  await fetch(`${ledger}/told/${what}`, { method: 'POST' });
}

async function note(id: string, n: number): Promise<void> {
  await holdfast.run('noted', id).send({ type: 'NOTE', n }, { id: `${id}-${n}` });
  await tell(`note/${id}/${n}`);
}

/**
 * Starts one run after the other, sends each its notes, and tells of all that it learns, until the power is cut. Where they
 * are to be `still`, they are paused before that: nothing follows what is accepted that could make it durable.
 */
async function work(lane: string, still: boolean): Promise<void> {
  for (let count = 1; ; count++) {
    const id = `${lane}-${count}`;
    const run = await holdfast.start('noted', { id, input: { id, ledger } });
    await tell(`start/${id}`);
    const { unsubscribe } = run.subscribe(({ run: { seq } }) => void tell(`seq/${id}/${seq}`));
    if (still) await run.pause();
    for (let n = 1; n <= NOTES; n++) await note(id, n);
    if (!still) await run.result();
    unsubscribe();
  }
}

/** Sends a run the notes that it lacks, and gives what it comes to. */
async function finish(id: string, lacking: readonly number[]): Promise<readonly number[]> {
  for (const n of lacking) await note(id, n);
  const run = holdfast.run('noted', id);
  await run.resume();
  return run.result();
}

const app = { found, work, finish };

/** What the tests do in this page. */
export type PowerCutPage = typeof app;
Object.assign(globalThis, { app });
