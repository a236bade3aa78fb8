import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BENCH, freshFolder, removeFolder } from './places.mjs';
import { runProgram } from './programs.mjs';
import { appendsPerSecond } from './yardstick.mjs';

/**
 * @typedef {import('../benches.mjs').Bench} Bench
 * @typedef {import('../benches.mjs').Entrant} Entrant
 */

/**
 * Where benches are made in Node: a process and a folder for each measurement.
 *
 * Never: the servers of peers, which outlast it.
 */
export class Node {
  yardstickUnit = 'appends/s';
  #services;
  #profile;

  /**
   * @param {import('./services.mjs').Services} services
   * @param {string | undefined} profile a folder for CPU profiles
   */
  constructor(services, profile) {
    this.#services = services;
    this.#profile = profile;
  }

  /** @param {Bench} bench */
  yardstickName({ yardstick: { writers } = { writers: 1 } }) {
    return `yard-stick: 200 B + fdatasync${writers === 1 ? '' : `, ${writers} writers`}`;
  }

  /** @param {Bench} bench */
  yardstick({ yardstick: { writers } = { writers: 1 } }) {
    return appendsPerSecond({ appends: writers === 1 ? 500 : 5000, writers });
  }

  async nextRound() {}

  /**
   * @param {Entrant} entrant
   * @param {object} params
   * @returns {Promise<Record<string, number>>}
   */
  async run({ module, program, node, service, execArgv = [] }, params) {
    const served = service && (await this.#services.get(service));
    const folder = freshFolder(program);
    const profiling = this.#profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${this.#profile}`];
    try {
      return await runProgram(
        new URL(`../entrants/${module}.mjs`, import.meta.url).href,
        program,
        { folder, ...params, ...served },
        {
          ...(node === undefined ? {} : { execPath: newerNode(Number(node)) }),
          execArgv: [...execArgv, ...profiling],
        },
      );
    } finally {
      removeFolder(folder);
    }
  }

  async close() {}
}

/**
 * Ours where it is new enough, or the one of the npm package `node`.
 * @param {number} major
 */
function newerNode(major) {
  if (Number(process.versions.node.split('.')[0]) >= major) return process.execPath;
  return createRequire(join(BENCH, 'package.json')).resolve('node/bin/node');
}
