import { createHoldfast } from '@holdfast/browser';
import type { App } from './worker.js';

/** Every worker made in this page, in order. */
const workers: Worker[] = [];
/** What went wrong in them, and nobody else was told. */
const trouble: string[] = [];

const holdfast = createHoldfast<App>(() => {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  worker.addEventListener('message', ({ data }) => data?.trouble && trouble.push(data.trouble));
  return worker;
});

/** What a page can do to its own work, in the very turn in which it learns of something. */
const deeds = {
  reload: () => location.reload(),
  leave: () => location.assign('/elsewhere.html'),
  killWorker: () => workers.at(-1)?.terminate(),
};

export type Deed = keyof typeof deeds;

/** Of the voyage in the URL. While it is listened to, it goes on without a call. */
const id = new URLSearchParams(location.search).get('run') ?? '';
const run = holdfast.run('voyage', id);
run.subscribe(() => {});
const hop = holdfast.run('hop', id);
hop.subscribe(() => {});

const returns = { persisted: 0, answered: -1 };
addEventListener('pageshow', (event) => {
  if (event.persisted) returns.persisted++;
});

/** 100 kB, the same for all. */
const cargo = () => new Blob([Uint8Array.from({ length: 100_000 }, (_, at) => at % 251)]);

/** Who has and who wants which lock, and how far a look into the database comes. */
async function beneath() {
  const { held = [], pending = [] } = await navigator.locks.query();
  const names = (locks: LockInfo[]) => locks.map(({ name, clientId }) => `${name} ${clientId}`);
  let database = 'opening';
  const opening = indexedDB.open('holdfast');
  opening.onsuccess = () => {
    database = 'reading';
    const reading = opening.result.transaction('holdfast_meta').objectStore('holdfast_meta').get('head');
    reading.onsuccess = () => {
      database = JSON.stringify(reading.result);
      opening.result.close();
    };
  };
  await new Promise((resolve) => setTimeout(resolve, 2000));
  return { held: names(held), pending: names(pending), database };
}

const app = {
  /** Of this document: another one after a reload. */
  document: crypto.randomUUID(),
  workers,
  returns,
  ownership: () => holdfast.host.getSnapshot(),
  /** Starts it, and does `deed` in the turn in which that is accepted. */
  async start(ledger: string, deed?: Deed) {
    await holdfast.start('voyage', { id, input: { ledger, cargo: cargo() } });
    localStorage.setItem(`${id}:started`, 'yes');
    if (deed) deeds[deed]();
  },
  /** Sends a note, and does `deed` in the turn in which it is accepted. */
  async note(n: number, deed?: Deed) {
    await run.send({ type: 'NOTE', n }, { id: `note-${n}` });
    localStorage.setItem(`${id}:note-${n}`, 'accepted');
    if (deed) deeds[deed]();
  },
  accepted: (what: string) => localStorage.getItem(`${id}:${what}`) !== null,
  /** Does `deed` in the turn in which the next checkpoint is seen. */
  atNextCheckpoint(deed: Deed) {
    const { seq } = run.getSnapshot().run;
    const { unsubscribe } = run.subscribe((snapshot) => {
      if (snapshot.run.seq === seq) return;
      queueMicrotask(() => unsubscribe());
      deeds[deed]();
    });
  },
  do: (deed: Deed) => deeds[deed](),
  /** Names of what is completed of its steps, sleeps and waits, once for each time that the history says so. */
  async completed() {
    const ended = (await run.history()).filter(({ arrival }) => arrival.outcome === 'completed');
    return ended.flatMap(({ arrival: { name } }) => (name ? [name] : []));
  },
  status: () => run.getSnapshot().run.status,
  async standing() {
    const { run: known, error } = run.getSnapshot();
    const failure = error === undefined ? {} : { error: String(error), cause: String((error as Error).cause) };
    return {
      ...known,
      ...failure,
      host: holdfast.host.getSnapshot(),
      workers: workers.length,
      ...returns,
      trouble,
      ...(await beneath()),
    };
  },
  output: () => run.result(),
  /** Starts a run of one request; of its end nobody is told but who asks. */
  async hop(ledger: string) {
    await holdfast.start('hop', { id, input: { ledger } });
  },
  hopStatus: () => hop.getSnapshot().run.status,
  /** Ends the worker in the midst of reads and writes, so many ms after they were asked for. */
  async endAmidst(n: number, ms: number) {
    const starts = ['a', 'b', 'c'].map((name) =>
      holdfast.start('hop', { id: `${id}-${n}-${name}`, input: { ledger: 'http://localhost:1' } }),
    );
    const reads = [run.history(), hop.history(), run.history()].map((read) => read.catch(() => undefined));
    await new Promise((resolve) => setTimeout(resolve, ms));
    deeds.killWorker();
    await Promise.all([...starts, ...reads]);
    returns.answered = n;
  },
  answered: () => returns.answered,
  seqs: async () => (await run.history()).map(({ seq }) => seq),
  epochs: async () => (await run.history()).map(({ epoch }) => epoch),
};

/** What the tests do in this page. */
export type VoyagePage = typeof app;
Object.assign(globalThis, { app });
