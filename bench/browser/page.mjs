// The page: runs programs in a worker, or is the app's page itself.

import { createHoldfast } from '@holdfast/browser';

/** Runs a program of worker.mjs; `meanwhile` is done before the worker ends. */
function inWorker(program, params, meanwhile = async () => {}) {
  const worker = new Worker('/worker.js', { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = async ({ data: { result, error } }) => {
      await meanwhile();
      worker.terminate();
      if (error) reject(new Error(error));
      else resolve(result);
    };
    worker.postMessage({ program, params });
  });
}

const open = (name, services = {}) =>
  createHoldfast(() => new Worker('/served.js', { type: 'module' }), { name, services });

const numbers = (count) => Array.from({ length: count }, (_, n) => n);

/** What the page can do of an app: each gives its metrics. */
const page = {
  /** Steps in the worker, while the page is watched: how long its thread was at work, and for more than 50 ms at a time. */
  async throughClient({ name, steps, warmUp }) {
    const holdfast = open(name);
    await (await holdfast.start('function', { id: 'warm', input: { steps: warmUp } })).result();
    const watch = watchThread();
    const run = await holdfast.start('function', { id: 'measured', input: { steps } });
    run.subscribe(() => {});
    const ms = await run.result();
    const thread = watch();
    await holdfast.close();
    return { 'steps/s': (steps / ms) * 1000, ...thread };
  },

  async runs({ name, count, warmUp }) {
    const holdfast = open(name);
    const one = async (id) => (await holdfast.start('function', { id, input: { steps: 5 } })).result();
    await Promise.all(numbers(warmUp).map((n) => one(`warm-${n}`)));
    const watch = watchThread();
    const startedAt = performance.now();
    await Promise.all(numbers(count).map((n) => one(`measured-${n}`)));
    const seconds = (performance.now() - startedAt) / 1000;
    const thread = watch();
    await holdfast.close();
    return { 'runs/s': count / seconds, ...thread };
  },

  /** Sent when the page has been still for a while: notices of a run come at most once a frame. */
  async send({ name, count, warmUp }) {
    const holdfast = open(name);
    const run = await holdfast.start('counter', { id: 'one', input: {} });
    /** @type {(snapshot: { context?: any }) => void} */
    let seen = () => {};
    run.subscribe((snapshot) => seen(snapshot));
    const latencies = [];
    for (let n = 1; n <= warmUp + count; n++) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      const visible = new Promise((resolve) => {
        seen = ({ context }) => context?.n >= n && resolve(n);
      });
      const startedAt = performance.now();
      void run.send({ type: 'TICK' });
      await visible;
      latencies.push(performance.now() - startedAt);
    }
    await holdfast.close();
    const sorted = latencies.slice(warmUp).sort((a, b) => a - b);
    const at = (part) => sorted[Math.floor((sorted.length - 1) * part)];
    return { 'ms (median)': at(0.5), 'ms (p99)': at(0.99) };
  },

  /** Resolves when the step after `steps` has begun, which never ends. */
  async beginStopping({ name, steps }) {
    const { services, begun } = beginning();
    const holdfast = open(name, services);
    await holdfast.start('stopping', { id: 'one', input: { steps } });
    await begun;
    return {};
  },

  /** The page comes back: how long until that step has begun anew. */
  async goOn({ name }) {
    const startedAt = performance.now();
    const { services, begun } = beginning();
    const holdfast = open(name, services);
    holdfast.run('stopping', 'one').subscribe(() => {});
    await begun;
    return { 'first step ms': performance.now() - startedAt };
  },

  /** A worker opens a store with runs that wait; memory is that of all this page has, when the first of them was due. */
  async openWaiting(params) {
    let bytes = Number.NaN;
    const told = await inWorker('openWaiting', params, async () => {
      // TypeScript does not know it.
      const measured = /** @type {any} */ (performance);
      ({ bytes } = await measured.measureUserAgentSpecificMemory());
    });
    return { ...told, 'memory MiB': bytes / 2 ** 20 };
  },

  /** Opens the store, and resolves when this page's worker stands by, or owns it. */
  async beOpen({ name, status }) {
    await untilHost(open(name), status);
    return {};
  },

  /** When the worker of this page, which is open already, becomes the owner: an instant (ms). */
  async ownerAt({ name }) {
    await untilHost(open(name), 'owner');
    return Date.now();
  },
};

function untilHost(holdfast, status) {
  holdfast.runs().subscribe(() => {});
  return new Promise((resolve) => {
    const look = (present) => present === status && resolve(undefined);
    holdfast.host.subscribe(look);
    look(holdfast.host.getSnapshot());
  });
}

function beginning() {
  /** @type {(told?: unknown) => void} */
  let tell = () => {};
  const begun = new Promise((resolve) => {
    tell = resolve;
  });
  const services = {
    begun: () => {
      tell();
      return new Promise(() => {});
    },
  };
  return { services, begun };
}

/** Watches this thread; what it gives tells what was seen meanwhile. */
function watchThread() {
  const long = [];
  const observer = new PerformanceObserver((list) => long.push(...list.getEntries()));
  observer.observe({ type: 'longtask' });
  return () => {
    long.push(...observer.takeRecords());
    observer.disconnect();
    return { 'long tasks': long.length, 'longest ms': Math.max(0, ...long.map(({ duration }) => duration)) };
  };
}

globalThis.bench = { inWorker, ...page };
