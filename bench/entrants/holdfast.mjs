// Holdfast in Node. No option makes the checkpoints of an app relaxed; what that would bring is measured with a store
// that hands each checkpoint on as relaxed.

import { readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createClient, linkLocally } from '@holdfast/core/client';
import { createHost } from '@holdfast/core/host';
import { openFileStore } from '@holdfast/node';
import { runProgram } from '../lib/programs.mjs';
import { quantile } from '../lib/stats.mjs';
import { countSyncs, syncCount } from '../lib/syncs.mjs';
import { numbers } from '../lib/yardstick.mjs';
import { changeOf, counter, inARow, states, stopping, waiting } from './holdfast-workflows.mjs';

const WORKFLOWS = { function: inARow, machine: states };

/** What `openHoldfast` does, with a durability of our own. */
async function open(directory, workflows, durability = 'strict') {
  const store = await openFileStore({ directory });
  const host = createHost({ store: durability === 'strict' ? store : relaxed(store), workflows });
  host.open();
  await host.owned;
  return createClient(linkLocally(host));
}

function relaxed(store) {
  const commit = store.commit.bind(store);
  store.commit = (checkpoint) => commit({ ...checkpoint, durability: 'relaxed' });
  return store;
}

/** Trivial steps of one run, one after the other. */
export async function sequential({ folder, steps, warmUp, logic = 'function', durability }) {
  await countSyncs(folder);
  const holdfast = await open(join(folder, 'store'), [WORKFLOWS[logic]], durability);
  await (await holdfast.start(logic, { id: 'warm', input: { steps: warmUp } })).result();
  const [before, cpu] = [syncCount(), process.cpuUsage()];
  const ms = /** @type {number} */ (await (await holdfast.start(logic, { id: 'measured', input: { steps } })).result());
  const [syncs, { user, system }] = [syncCount() - before, process.cpuUsage(cpu)];
  await holdfast.close();
  return { 'steps/s': (steps / ms) * 1000, 'syncs/step': syncs / steps, 'cpu µs/step': (user + system) / steps };
}

/** `count` runs of 5 steps at once, after `warmUp` of them. */
export async function runs({ folder, count, warmUp, logic = 'function', durability }) {
  const holdfast = await open(join(folder, 'store'), [WORKFLOWS[logic]], durability);
  await many(holdfast, logic, 'warm', warmUp);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await many(holdfast, logic, 'measured', count);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await holdfast.close();
  return { 'runs/s': count / seconds, 'cpu ms/run': (user + system) / 1000 / count };
}

async function many(holdfast, logic, name, count) {
  const one = async (n) => (await holdfast.start(logic, { id: `${name}-${n}`, input: { steps: 5 } })).result();
  await Promise.all(numbers(count).map(one));
}

/**
 * From `send` until a subscriber sees the state that it makes, which is durable then. Sent when the run has been still for
 * a while: notices of a run come at most once a frame.
 */
export async function send({ folder, count, warmUp, durability }) {
  const holdfast = await open(join(folder, 'store'), [counter], durability);
  const run = await holdfast.start('counter', { id: 'one', input: {} });
  /** @type {(snapshot: { context?: any }) => void} */
  let seen = () => {};
  run.subscribe((snapshot) => seen(snapshot));
  const latencies = [];
  for (let n = 1; n <= warmUp + count; n++) {
    await setTimeout(30);
    const startedAt = performance.now();
    const visible = new Promise((resolve) => {
      seen = ({ context }) => context?.n >= n && resolve(n);
    });
    void run.send({ type: 'TICK' });
    await visible;
    latencies.push(performance.now() - startedAt);
  }
  await holdfast.close();
  const sorted = latencies.slice(warmUp).sort((a, b) => a - b);
  return { 'ms (median)': quantile(sorted, 0.5), 'ms (p99)': quantile(sorted, 0.99) };
}

/** A process is killed in the step after `steps` steps; the next one opens the store, and begins that step. */
export async function resume({ folder, steps }) {
  const directory = join(folder, 'store');
  await killed('resumeProgram', { directory, steps });
  const { begun, began } = beginning();
  const startedAt = performance.now();
  const holdfast = await open(directory, [stopping(begun)]);
  const openedAt = performance.now();
  const cpu = process.cpuUsage();
  await began;
  const begunAt = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  await holdfast.run('stopping', 'one').result();
  await holdfast.close();
  return {
    'open ms': openedAt - startedAt,
    'first step ms': begunAt - openedAt,
    'first step cpu ms': (user + system) / 1000,
  };
}

/** The first half of {@link resume}, in a process of its own. */
export async function resumeProgram({ directory, steps }) {
  const { begun, began } = beginning({ ends: false });
  const holdfast = await open(directory, [stopping(begun)]);
  await holdfast.start('stopping', { id: 'one', input: { steps } });
  await began;
}

function beginning({ ends = true } = {}) {
  let begun = () => /** @type {unknown} */ (undefined);
  const began = new Promise((resolve) => {
    begun = () => {
      resolve(undefined);
      return ends ? undefined : new Promise(() => {});
    };
  });
  return { begun, began };
}

/** A machine that has got `checkpoints` events is brought back by the first one to a new process. */
export async function restore({ folder, checkpoints }) {
  const directory = join(folder, 'store');
  await killed('restoreProgram', { directory, checkpoints });
  const startedAt = performance.now();
  const holdfast = await open(directory, [counter]);
  const openedAt = performance.now();
  const run = holdfast.run('counter', 'one');
  await run.send({ type: 'TICK' }, { until: 'processed' });
  const processedAt = performance.now();
  await holdfast.close();
  return { 'open ms': openedAt - startedAt, 'first event ms': processedAt - openedAt };
}

/** The first half of {@link restore}. */
export async function restoreProgram({ directory, checkpoints }) {
  const holdfast = await open(directory, [counter]);
  const run = await holdfast.start('counter', { id: 'one', input: {} });
  for (let n = 0; n < checkpoints; n += 100) {
    const events = numbers(Math.min(100, checkpoints - n));
    await Promise.all(events.map(() => run.send({ type: 'TICK' }, { until: 'processed' })));
  }
}

/** `count` runs that wait for a deadline, in a store whose process was killed; one is due `dueInMs` after the last began. */
export async function waitingRuns({ folder, count, dueInMs }) {
  const directory = join(folder, 'store');
  const { dueAt, startedPerSecond } = await killed('waitingProgram', { directory, count, dueInMs });
  const before = process.memoryUsage().rss;
  const startedAt = performance.now();
  const holdfast = await open(directory, [waiting]);
  const openMs = performance.now() - startedAt;
  const readyAt = Math.max(dueAt, Date.now());
  await holdfast.run('waiting', 'due').result();
  const lateMs = Date.now() - readyAt;
  const { rss } = process.memoryUsage();
  globalThis.gc?.();
  const { heapUsed } = process.memoryUsage();
  await holdfast.close();
  const [memory, disk] = [rss - before, await sizeOf(directory)];
  return {
    'starts/s': startedPerSecond,
    'open ms': openMs,
    'first timer late ms': lateMs,
    'memory MiB': memory / 2 ** 20,
    'heap MiB': heapUsed / 2 ** 20,
    'disk MiB': disk / 2 ** 20,
  };
}

/** The first half of {@link waitingRuns}. */
export async function waitingProgram({ directory, count, dueInMs }) {
  const holdfast = await open(directory, [waiting]);
  const startedAt = performance.now();
  for (let n = 0; n < count; n += 1000) {
    const batch = numbers(Math.min(1000, count - n)).map((i) => n + i);
    await Promise.all(batch.map((i) => begin(holdfast, `run-${i}`, 1e9)));
  }
  const seconds = (performance.now() - startedAt) / 1000;
  await begin(holdfast, 'due', dueInMs);
  return { dueAt: Date.now() + dueInMs, startedPerSecond: count / seconds };
}

/** Resolves when it waits. */
async function begin(holdfast, id, afterMs) {
  const run = await holdfast.start('waiting', { id, input: { afterMs } });
  await new Promise((resolve) => {
    const subscription = run.subscribe((snapshot) => {
      if (snapshot.run.status !== 'waiting') return;
      queueMicrotask(() => subscription.unsubscribe());
      resolve(undefined);
    });
  });
}

/** A machine whose context is `bytes` big takes events that change ten of them. */
export async function context({ folder, bytes, events, durability }) {
  const directory = join(folder, 'store');
  const holdfast = await open(directory, [counter], durability);
  const run = await holdfast.start('counter', { id: 'one', input: { bytes } });
  const change = (n) => run.send(changeOf(n), { until: 'processed' });
  for (let n = 0; n < events; n++) await change(n);
  const written = bytesWritten();
  const cpu = process.cpuUsage();
  for (let n = 0; n < events; n++) await change(n);
  const { user, system } = process.cpuUsage(cpu);
  const grown = bytesWritten() - written;
  await holdfast.close();
  return { 'cpu µs/event': (user + system) / events, 'bytes/event': grown / events };
}

/** By this process, so far. */
function bytesWritten() {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? Number.NaN);
}

async function sizeOf(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .reduce((sum, { name }) => sum + statSync(join(folder, name)).size, 0);
}

/** Runs a program of this file in a process that is killed when it is done, and gives what it returned. */
function killed(program, params) {
  return runProgram(import.meta.url, program, params, { kill: true });
}
