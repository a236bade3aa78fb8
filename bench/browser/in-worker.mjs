// Holdfast in the worker that asks: host, store and client in one thread.

import { createIndexedDbStore } from '@holdfast/browser/store';
import { createClient, linkLocally } from '@holdfast/core/client';
import { createHost } from '@holdfast/core/host';
import { changeOf, counter, inARow, states, waiting } from '../entrants/holdfast-workflows.mjs';

/**
 * @param {string} name
 * @param {import('@holdfast/core/store').Durability} [durability]
 */
async function open(name, durability = 'strict') {
  const store = createIndexedDbStore({ name, durability });
  const host = createHost({ store, workflows: [inARow, states, counter, waiting] });
  host.open();
  await host.owned;
  return createClient(linkLocally(host));
}

export async function sequential({ name, steps, warmUp, logic = 'function', durability }) {
  const holdfast = await open(name, durability);
  await (await holdfast.start(logic, { id: 'warm', input: { steps: warmUp } })).result();
  const ms = /** @type {number} */ (await (await holdfast.start(logic, { id: 'measured', input: { steps } })).result());
  await holdfast.close();
  return { 'steps/s': (steps / ms) * 1000 };
}

export async function context({ name, bytes, events, durability }) {
  const holdfast = await open(name, durability);
  const run = await holdfast.start('counter', { id: 'one', input: { bytes } });
  const change = (n) => run.send(changeOf(n), { until: 'processed' });
  for (let n = 0; n < events; n++) await change(n);
  const startedAt = performance.now();
  for (let n = 0; n < events; n++) await change(n);
  const ms = performance.now() - startedAt;
  await holdfast.close();
  return { 'ms/event': ms / events };
}

/** `count` runs that wait, copies of one. */
export async function prepareWaiting({ name, count }) {
  const holdfast = await open(name);
  await begin(holdfast, 'run', 1e9);
  await holdfast.close();
  await copyRun(name, ['waiting', 'run'], count - 1);
}

/**
 * One more that is due `dueInMs` after it began. Its host is not closed, so what opens the store next does so after a crash.
 * Resolves to the instant (ms) at which it is due.
 */
export async function beginDue({ name, dueInMs }) {
  const holdfast = await open(name);
  await begin(holdfast, 'due', dueInMs);
  return { dueAt: Date.now() + dueInMs };
}

/** Opens that store: how long until it is owned, and how late the first timer is. */
export async function openWaiting({ name, dueAt }) {
  const startedAt = performance.now();
  const holdfast = await open(name);
  const openMs = performance.now() - startedAt;
  const readyAt = Math.max(dueAt, Date.now());
  await holdfast.run('waiting', 'due').result();
  return { 'open ms': openMs, 'first timer late ms': Date.now() - readyAt };
}

/** Resolves when it waits. */
async function begin(holdfast, id, afterMs) {
  const run = await holdfast.start('waiting', { id, input: { afterMs } });
  /** @type {Promise<void>} */
  const waits = new Promise((resolve) => {
    const subscription = run.subscribe((snapshot) => {
      if (snapshot.run.status !== 'waiting') return;
      queueMicrotask(() => subscription.unsubscribe());
      resolve();
    });
  });
  await waits;
}

const TABLES = ['holdfast_runs', 'holdfast_values', 'holdfast_history'];

/** As many more runs with all that is stored of that one, which stands alone in its store. */
async function copyRun(name, [workflow, run], count) {
  const db = await answer(indexedDB.open(name));
  const reading = db.transaction(TABLES);
  const stored = await Promise.all(
    TABLES.map(async (table) => {
      const store = reading.objectStore(table);
      return Promise.all([answer(store.getAllKeys()), answer(store.getAll())]);
    }),
  );
  for (let from = 0; from < count; from += 5000) {
    const writing = db.transaction(TABLES, 'readwrite');
    for (let n = from; n < Math.min(from + 5000, count); n++) {
      const copy = `${run}-${n}`;
      for (const [at, [keys, rows]] of stored.entries()) {
        const table = writing.objectStore(TABLES[at]);
        for (const [row, [, , part]] of keys.entries()) {
          if (table.keyPath) table.put({ ...rows[row], run: copy });
          else table.put(rows[row], [workflow, copy, part]);
        }
      }
    }
    await new Promise((resolve, reject) => {
      writing.oncomplete = resolve;
      writing.onabort = () => reject(writing.error);
    });
  }
  db.close();
}

function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
