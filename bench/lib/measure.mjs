// The rounds: in each, every entrant once, one after the other, and the yard-stick before and after each of them.

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BENCH, freshFolder, removeFolder } from './places.mjs';
import { runProgram } from './programs.mjs';
import { seriesOf } from './stats.mjs';
import { appendsPerSecond } from './yardstick.mjs';

/**
 * @typedef {import('../benches.mjs').Bench} Bench
 * @typedef {import('../benches.mjs').Entrant} Entrant
 * @typedef {import('../benches.mjs').Service} Service
 * @typedef {import('./stats.mjs').Series} Series
 */

/**
 * What came out for one entrant: its metrics, or why it is absent.
 * @typedef {{ name: string, metrics: Record<string, Series>, absent?: string }} EntrantResult
 */

/**
 * @typedef {object} BenchResult
 * @property {string} name
 * @property {string} title
 * @property {object} params
 * @property {readonly EntrantResult[]} entrants the first is the yard-stick
 */

/**
 * @typedef {object} Plan
 * @property {number} rounds
 * @property {boolean} short
 * @property {string | undefined} [profile] a folder for CPU profiles
 */

/**
 * Measures one bench after the other.
 * @param {readonly Bench[]} benches
 * @param {Plan} plan
 * @returns {AsyncGenerator<BenchResult>}
 */
export async function* measure(benches, plan) {
  const services = new Services();
  try {
    for (const bench of benches) yield await measureOne(bench, plan, services);
  } finally {
    await services.stop();
  }
}

/**
 * @param {Bench} bench
 * @param {Plan} plan
 * @param {Services} services
 * @returns {Promise<BenchResult>}
 */
async function measureOne(bench, plan, services) {
  const params = { ...bench.params, ...(plan.short ? bench.short : {}) };
  const writers = bench.yardstick?.writers ?? 1;
  const yardstick = () => appendsPerSecond({ appends: writers === 1 ? 500 : 5000, writers });
  /** @type {number[]} */
  const appends = [];
  /** @type {Map<Entrant, Record<string, number[]>>} */
  const found = new Map(bench.entrants.map((entrant) => [entrant, {}]));
  /** @type {Map<Entrant, string>} */
  const absent = new Map();
  for (let round = 1; round <= plan.rounds; round++) {
    for (const entrant of bench.entrants) {
      if (absent.has(entrant)) continue;
      process.stderr.write(`${bench.name} ${round}/${plan.rounds}: ${entrant.name}\n`);
      try {
        const before = await yardstick();
        const metrics = await measureEntrant(entrant, { ...params, ...paramsOf(entrant, plan) }, plan, services);
        const around = (before + (await yardstick())) / 2;
        appends.push(around);
        const part = bench.rate === undefined ? {} : { 'of yard-stick': (metrics[bench.rate] ?? 0) / around };
        note(found.get(entrant) ?? {}, { ...metrics, ...part });
      } catch (error) {
        absent.set(entrant, error instanceof Error ? error.message : String(error));
      }
    }
  }
  const entrants = bench.entrants.map((entrant) => resultOf(entrant, found.get(entrant) ?? {}, absent.get(entrant)));
  const name = `yard-stick: 200 B + fdatasync${writers === 1 ? '' : `, ${writers} writers`}`;
  const { title } = bench;
  return { name: bench.name, title, params, entrants: [resultOf({ name }, { 'appends/s': appends }), ...entrants] };
}

/**
 * Those of an entrant of its own are for the whole measurement, not for a short one.
 * @param {Entrant} entrant
 * @param {Plan} plan
 */
function paramsOf({ params = {} }, { short }) {
  const { count: _count, warmUp: _warmUp, ...rest } = /** @type {Record<string, unknown>} */ (params);
  return short ? rest : params;
}

/**
 * @param {Entrant} entrant
 * @param {object} params
 * @param {Plan} plan
 * @param {Services} services
 * @returns {Promise<Record<string, number>>}
 */
async function measureEntrant({ module, program, node, service, execArgv = [] }, params, { profile }, services) {
  const served = service && (await services.get(service));
  const folder = freshFolder(program);
  try {
    return await runProgram(
      new URL(`../entrants/${module}.mjs`, import.meta.url).href,
      program,
      { folder, ...params, ...served },
      {
        ...(node === undefined ? {} : { execPath: newerNode(Number(node)) }),
        execArgv: [...execArgv, ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`])],
      },
    );
  } finally {
    removeFolder(folder);
  }
}

/**
 * Ours where it is new enough, or the one of the npm package `node`.
 * @param {number} major
 */
function newerNode(major) {
  if (Number(process.versions.node.split('.')[0]) >= major) return process.execPath;
  return createRequire(join(BENCH, 'package.json')).resolve('node/bin/node');
}

/**
 * @param {Record<string, number[]>} samples
 * @param {Record<string, number>} metrics
 */
function note(samples, metrics) {
  for (const [name, value] of Object.entries(metrics)) {
    samples[name] ??= [];
    samples[name].push(value);
  }
}

/**
 * @param {{ name: string }} entrant
 * @param {Record<string, number[]>} samples
 * @param {string} [absent]
 * @returns {EntrantResult}
 */
function resultOf({ name }, samples, absent) {
  const measured = Object.entries(samples).filter(([, values]) => values.length > 0);
  const metrics = Object.fromEntries(measured.map(([metric, values]) => [metric, seriesOf(values)]));
  return { name, metrics, ...(absent === undefined ? {} : { absent }) };
}

/**
 * Owns: the servers that peers need, from their first use to the end. One that does not start is not tried again.
 */
class Services {
  /** @type {Map<Service, Promise<{ params: object, stop(): Promise<void> }>>} */
  #started = new Map();
  /** @type {string[]} */
  #folders = [];

  /** @param {Service} start */
  async get(start) {
    let starting = this.#started.get(start);
    if (!starting) {
      const folder = freshFolder('service');
      this.#folders.push(folder);
      starting = start(folder);
      this.#started.set(start, starting);
    }
    return (await starting).params;
  }

  async stop() {
    for (const started of await Promise.allSettled(this.#started.values())) {
      if (started.status === 'fulfilled') await started.value.stop();
    }
    for (const folder of this.#folders) removeFolder(folder);
  }
}
