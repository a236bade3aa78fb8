import { Channel } from '../wire/channel.js';
import { Claimant } from './claimant.js';
import { Defender } from './defender.js';
import { claimsChannelOf, type Standing, type Word } from './words.js';

/**
 * A host among those that want the same store.
 *
 * Owns: its channel to them, and how long a silent owner is waited for.
 * 1. Each theft doubles that time: an owner that was only slow is not robbed again and again.
 */
export class Rivals {
  readonly #channel: Channel<Word>;
  readonly #standing: Standing;
  #stealAfterMs: number;

  constructor(store: string, stealAfterMs: number, standing: Standing = plain()) {
    this.#channel = new Channel(claimsChannelOf(store));
    this.#stealAfterMs = stealAfterMs;
    this.#standing = standing;
  }

  get stealAfterMs(): number {
    return this.#stealAfterMs;
  }

  steals(): void {
    this.#stealAfterMs *= 2;
  }

  claim(): Claimant {
    return new Claimant(this.#channel, this.#standing);
  }

  defend(): Defender {
    return new Defender(this.#channel, this.#standing);
  }

  close(): void {
    this.#channel.close();
  }
}

function plain(): Standing {
  return { host: crypto.randomUUID(), versions: {}, visible: () => false };
}
