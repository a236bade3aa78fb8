import { Channel } from '../wire/channel.js';
import { Claimant } from './claimant.js';
import { Defender } from './defender.js';
import { claimsChannelOf, type Standing, type Word } from './words.js';

/** Hosts whose end is remembered: more than are closed at once. */
const MOST_ENDED = 100;

/**
 * A host among those that want the same store.
 *
 * Owns: its channel to them, how long a silent owner is waited for, and which hosts it was told are ended by their pages.
 * 1. Each theft doubles that time: an owner that was only slow is not robbed again and again.
 * 2. What was told before the lock was free is known when it is granted: what a page notes in its `localStorage` may reach
 *    the page of another process later.
 */
export class Rivals {
  readonly #channel: Channel<Word>;
  readonly #standing: Standing;
  readonly #ended = new Set<string>();
  #follows = false;
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
    this.#follow();
    return new Claimant(this.#channel, this.#standing);
  }

  defend(): Defender {
    return new Defender(this.#channel, this.#standing);
  }

  /** Whether a page said that it has ended that host. */
  sawEnd(host: string): boolean {
    return this.#ended.has(host);
  }

  #follow(): void {
    if (this.#follows) return;
    this.#follows = true;
    this.#channel.listen((word) => {
      if (word.word !== 'ended') return;
      this.#ended.add(word.host);
      const [oldest] = this.#ended;
      if (this.#ended.size > MOST_ENDED && oldest !== undefined) this.#ended.delete(oldest);
    });
  }

  close(): void {
    this.#channel.close();
  }
}

function plain(): Standing {
  return { host: crypto.randomUUID(), versions: {}, visible: () => false };
}
