// What people write by hand, or take, where they have no Holdfast. They run in a worker. IndexedDB's durability is the
// browser's default, relaxed: none of them asks for another.

import Dexie from 'dexie';
import { openDB } from 'idb';
import { QueueStore } from 'workbox-background-sync/lib/QueueStore.js';
import { StorableRequest } from 'workbox-background-sync/lib/StorableRequest.js';
import { assign, createActor, fromPromise, setup } from 'xstate';

/** @type {(next: string) => any} XState's types don't follow a part of a machine that stands by itself */
const invoking = (next) => ({
  invoke: {
    src: 'count',
    input: ({ context }) => context.n,
    onDone: [
      { guard: ({ context }) => context.n + 1 >= context.steps, target: 'done' },
      { target: next, actions: assign({ n: ({ context }) => context.n + 1 }) },
    ],
  },
});

/** XState, its persisted snapshot put on every change; the next promise is kept back until that is done. */
export async function xstateAndIdb({ name, steps }) {
  const db = await openDB(name, 1, { upgrade: (db) => void db.createObjectStore('snapshots') });
  let written = Promise.resolve();
  const count = fromPromise(async ({ input }) => {
    await written;
    return input;
  });
  const machine = setup({ actors: { count } }).createMachine({
    context: { n: 0, steps },
    initial: 'ping',
    states: { ping: invoking('pong'), pong: invoking('ping'), done: { type: 'final' } },
  });
  const actor = createActor(machine);
  const startedAt = performance.now();
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      const complete = () => resolve();
      const next = () => {
        written = db.put('snapshots', JSON.stringify(actor.getPersistedSnapshot()), 'run');
      };
      actor.subscribe({ next, complete });
      actor.start();
    })
  );
  await written;
  const seconds = (performance.now() - startedAt) / 1000;
  db.close();
  return { 'steps/s': steps / seconds };
}

/** An outbox of Dexie: each task is taken, done, and removed in the transaction that stores its result. */
export async function dexieOutbox({ name, steps }) {
  const db = new Dexie(name);
  db.version(1).stores({ outbox: '++id', results: 'id' });
  await db.outbox.bulkAdd(Array.from({ length: steps }, (_, n) => ({ step: n })));
  const startedAt = performance.now();
  for (let task = await db.outbox.toCollection().first(); task; task = await db.outbox.toCollection().first()) {
    const { id, step } = task;
    const output = await Promise.resolve(step);
    await db.transaction('rw', db.outbox, db.results, async () => {
      await db.outbox.delete(id);
      await db.results.put({ id, output });
    });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  db.close();
  return { 'steps/s': steps / seconds };
}

/** The queue of workbox-background-sync: requests that are pushed, shifted, and not sent anywhere. */
export async function workboxQueue({ name, steps }) {
  const queue = new QueueStore(name);
  const startedAt = performance.now();
  for (let n = 0; n < steps; n++) {
    const request = new Request('/nowhere', { method: 'POST', body: `${n}` });
    const requestData = (await StorableRequest.fromRequest(request)).toObject();
    await queue.pushEntry({ requestData, timestamp: Date.now() });
    await queue.shiftEntry();
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return { 'steps/s': steps / seconds };
}
