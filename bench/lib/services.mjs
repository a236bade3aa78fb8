import { freshFolder, removeFolder } from './places.mjs';

/** @typedef {import('../benches.mjs').Service} Service */

/**
 * Owns: the servers that peers need, from their first use to the end. One that does not start is not tried again.
 */
export class Services {
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
