import type { SimulatedDisk } from './simulated-disk.test-support.js';

/**
 * Which disks a sweep has looked at.
 *
 * Owns: what they held, and what had been asked of them. Never: disks.
 * 1. Most power cuts leave one of a few disks. Of the same bytes under the same names, after the same was asked and
 *    acknowledged, there is the same to find: everything here is deterministic.
 */
export class LookedAt {
  readonly #known = new Set<string>();

  /**
   * Whether this is the first of its kind; it counts as looked at from then on.
   *
   * @param asked whatever else decides what is found: plain data, sets and maps
   */
  first(disk: SimulatedDisk, asked: unknown): boolean {
    const plain = (_: string, value: unknown) => (value instanceof Set || value instanceof Map ? [...value] : value);
    const known = this.#known.size;
    return this.#known.add(`${disk.contents()} ${JSON.stringify(asked, plain)}`).size > known;
  }
}
