// IndexedDB without anything in between: the yard-sticks of the browser. They run in a worker.

import { createClient, linkLocally } from '@holdfast/core/client';
import { createHost } from '@holdfast/core/host';
import { createMemoryStore } from '@holdfast/core/store';
import { inARow } from '../entrants/holdfast-workflows.mjs';

const PAYLOAD = 'x'.repeat(200);

/** A step at a time: get, and two puts of 200 bytes, in one transaction. */
export async function getAndTwoPuts({ name, steps, durability }) {
  const db = await open(name, (db) => {
    for (const store of ['meta', 'runs', 'values']) db.createObjectStore(store);
  });
  const step = (n) =>
    complete(db, ['meta', 'runs', 'values'], durability, (transaction) => {
      transaction.objectStore('meta').get('head').onsuccess = () => {
        transaction.objectStore('runs').put({ seq: n, payload: PAYLOAD }, 'run');
        transaction.objectStore('values').put({ text: PAYLOAD }, n);
        transaction.commit();
      };
    });
  return timed(steps, step, db);
}

/** The requests of Holdfast's step, with the bytes that it writes, in one transaction a step. */
export async function sameRequests({ name, steps, durability }) {
  const commits = (await recorded(steps)).slice(-steps);
  const db = await open(name, createLayout);
  const step = (n) =>
    complete(db, STORES, durability, (transaction) => {
      transaction.objectStore('meta').get('head').onsuccess = () => {
        for (const op of commits[n].ops) write(transaction, op);
        transaction.commit();
      };
    });
  return timed(commits.length, step, db);
}

/** The checkpoints of a run that is stored in memory. */
async function recorded(steps) {
  const commits = [];
  const store = createMemoryStore();
  const commit = store.commit.bind(store);
  store.commit = (checkpoint) => {
    if (checkpoint.ops.some((op) => op.op === 'put' && op.id.startsWith('journal/'))) commits.push(checkpoint);
    return commit(checkpoint);
  };
  const host = createHost({ store, workflows: [inARow] });
  host.open();
  const holdfast = createClient(linkLocally(host));
  await (await holdfast.start('function', { id: 'one', input: { steps } })).result();
  await holdfast.close();
  return commits;
}

const STORES = ['meta', 'runs', 'values', 'attachments', 'history', 'inbox'];

/** That of Holdfast's own database. */
function createLayout(db) {
  db.createObjectStore('meta');
  const runs = db.createObjectStore('runs', { keyPath: ['workflow', 'run'] });
  runs.createIndex('status', ['status', 'workflow', 'run']);
  runs.createIndex('singleton', ['workflow', 'singletonKey']);
  runs.createIndex('label', 'labelKeys', { multiEntry: true });
  for (const store of ['values', 'attachments', 'history']) db.createObjectStore(store);
  db.createObjectStore('inbox', { keyPath: 'n', autoIncrement: true }).createIndex('run', ['workflow', 'run']);
}

function write(transaction, op) {
  const key = ['function', 'one'];
  if (op.op === 'run') transaction.objectStore('runs').put(op.row);
  else if (op.op === 'put') transaction.objectStore('values').put(op.value, [...key, op.id]);
  else if (op.op === 'history') transaction.objectStore('history').put(op.row, [...key, op.row.seq]);
  else if (op.op === 'remove') transaction.objectStore('values').delete([...key, op.id]);
  else throw new Error(`The loop of the same requests knows no ${op.op}.`);
}

function open(name, layout) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => layout(opening.result);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

function complete(db, stores, durability, work) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(stores, 'readwrite', { durability });
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
    work(transaction);
  });
}

async function timed(steps, step, db) {
  const startedAt = performance.now();
  for (let n = 0; n < steps; n++) await step(n);
  const seconds = (performance.now() - startedAt) / 1000;
  db.close();
  return { 'steps/s': steps / seconds };
}
