// The rounds: in each, every entrant once, one after the other, and the yard-stick before and after each of them.

import { Browser } from './browser.mjs';
import { Node } from './node.mjs';
import { Services } from './services.mjs';
import { sizesOf } from './sizes.mjs';
import { seriesOf } from './stats.mjs';

/**
 * @typedef {import('../benches.mjs').Bench} Bench
 * @typedef {import('../benches.mjs').Entrant} Entrant
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
 * @property {boolean} why whether of a bundle is told what in it weighs so much
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
  const { where = 'node' } = bench;
  const { name, title } = bench;
  const params = { ...bench.params, ...(plan.short ? bench.short : {}) };
  if (where === 'bundle') return { name, title, params, entrants: await sizesOf(bench.entrants, plan.why) };
  try {
    const place = where === 'browser' ? await Browser.open() : new Node(services, plan.profile);
    try {
      return { name, title, params, entrants: await playRounds(bench, params, plan, place) };
    } finally {
      await place.close();
    }
  } catch (error) {
    const absent = error instanceof Error ? error.message : String(error);
    return { name, title, params, entrants: bench.entrants.map((entrant) => resultOf(entrant, {}, absent)) };
  }
}

/**
 * @param {Bench} bench
 * @param {object} params
 * @param {Plan} plan
 * @param {Node | Browser} place
 * @returns {Promise<EntrantResult[]>}
 */
async function playRounds(bench, params, plan, place) {
  /** @type {Map<Entrant, Record<string, number[]>>} */
  const found = new Map(bench.entrants.map((entrant) => [entrant, {}]));
  /** @type {Map<Entrant, string>} */
  const absent = new Map();
  /** @type {Record<string, number[]>} */
  const yardsticks = {};
  for (let round = 1; round <= plan.rounds; round++) {
    await place.nextRound();
    /** @type {Map<string, Record<string, number>>} of this round */
    const beside = new Map();
    for (const entrant of bench.entrants) {
      if (absent.has(entrant)) continue;
      process.stderr.write(`${bench.name} ${round}/${plan.rounds}: ${entrant.name}\n`);
      try {
        const given = { ...params, ...entrant.params, ...(plan.short ? entrant.short : {}) };
        const before = await place.yardstick(bench, given);
        const metrics = await place.run(entrant, given);
        const after = await place.yardstick(bench, given);
        const around = (before + after) / 2;
        beside.set(entrant.name, metrics);
        note(yardsticks, { [place.yardstickUnit]: around });
        note(found.get(entrant) ?? {}, { ...metrics, ...partsOf(bench, entrant, metrics, { around, beside }) });
      } catch (error) {
        absent.set(entrant, error instanceof Error ? error.message : String(error));
      }
    }
  }
  const results = bench.entrants.map((entrant) => resultOf(entrant, found.get(entrant) ?? {}, absent.get(entrant)));
  return [resultOf({ name: place.yardstickName(bench) }, yardsticks), ...results];
}

/**
 * What a rate is of the yard-stick around it, and of the entrant of the same round that it is to be held against.
 * @param {Bench} bench
 * @param {Entrant} entrant
 * @param {Record<string, number>} metrics
 * @param {{ around: number, beside: Map<string, Record<string, number>> }} round
 * @returns {Record<string, number>}
 */
function partsOf({ rate }, entrant, metrics, { around, beside }) {
  if (rate === undefined) return {};
  const own = metrics[rate] ?? 0;
  const other = entrant.beside && beside.get(entrant.beside)?.[rate];
  return { 'of yard-stick': own / around, ...(other ? { 'of same requests': own / other } : {}) };
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
export function resultOf({ name }, samples, absent) {
  const measured = Object.entries(samples).filter(([, values]) => values.length > 0);
  const metrics = Object.fromEntries(measured.map(([metric, values]) => [metric, seriesOf(values)]));
  return { name, metrics, ...(absent === undefined ? {} : { absent }) };
}
