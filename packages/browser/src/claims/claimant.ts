import type { Channel } from '../wire/channel.js';
import type { Standing, Word } from './words.js';

/**
 * A host that waits for the store, round by round.
 *
 * Owns: how long nobody has answered it. Never: the lock.
 * 1. Only rounds that went by in full count as silence: after a machine has slept, the time it slept does not.
 * 2. Who hears that the store goes to another steps back in line, behind that one.
 */
export class Claimant {
  readonly #channel: Channel<Word>;
  readonly #standing: Standing;
  readonly #leave: () => void;
  #silentMs = 0;
  #answered = false;
  #stepBack = new AbortController();

  constructor(channel: Channel<Word>, standing: Standing) {
    this.#channel = channel;
    this.#standing = standing;
    this.#leave = channel.listen((word) => this.#hear(word));
  }

  /** Claims the store. Aborted when the place in line is to be given up. */
  claim(): AbortSignal {
    const { host, versions } = this.#standing;
    this.#answered = false;
    this.#stepBack = new AbortController();
    this.#channel.tell({ word: 'claim', host, versions, visible: this.#standing.visible() });
    return this.#stepBack.signal;
  }

  /** A round of so many ms is over. */
  waited(ms: number): void {
    this.#silentMs = this.#answered ? 0 : this.#silentMs + ms;
  }

  /** For how long nobody has answered. */
  get silentMs(): number {
    return this.#silentMs;
  }

  end(): void {
    this.#leave();
  }

  #hear(word: Word): void {
    if (word.word === 'claim' || word.word === 'ended') return;
    this.#answered = true;
    this.#silentMs = 0;
    if (word.word === 'yields' && word.to !== this.#standing.host) this.#stepBack.abort();
  }
}
