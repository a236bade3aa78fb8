import type { Wanted } from '@holdfast/core/store';
import type { Channel } from '../wire/channel.js';
import { betterBy, type Claim, type Standing, type Word } from './words.js';

/** A claim is made again every two seconds by who still has it. */
const FRESH_MS = 5000;
/** So long newer code waits for a moment at which nothing is under way. */
const PATIENCE_MS = 5000;

interface Heard {
  readonly claim: Claim;
  readonly firstAt: number;
  readonly lastAt: number;
}

/**
 * The owner among those who claim the store.
 *
 * Owns: the claims it has heard. Never: gives the store back (its host does, when the moment has come).
 * 1. Every claim is answered: who is silent is taken for dead.
 * 2. A claim counts as long as it is repeated.
 */
export class Defender implements Wanted {
  readonly #channel: Channel<Word>;
  readonly #standing: Standing;
  readonly #now: () => number;
  readonly #claims = new Map<string, Heard>();
  readonly #listeners = new Set<() => void>();
  readonly #leave: () => void;

  constructor(channel: Channel<Word>, standing: Standing, now: () => number = () => performance.now()) {
    this.#channel = channel;
    this.#standing = standing;
    this.#now = now;
    this.#leave = channel.listen((word) => word.word === 'claim' && this.#hear(word));
    channel.tell({ word: 'present' });
  }

  want(): 'at-rest' | 'now' | undefined {
    const best = this.#best();
    if (!best) return undefined;
    const waits = this.#now() - best.firstAt < PATIENCE_MS;
    return betterBy(best.claim, this.#standing) === 'visibility' || waits ? 'at-rest' : 'now';
  }

  subscribe(change: () => void): () => void {
    this.#listeners.add(change);
    return () => this.#listeners.delete(change);
  }

  /** Says whom it gives way to, if to anybody. Comes before the lock is free. */
  yields(): void {
    const to = this.#best()?.claim.host;
    if (to !== undefined) this.#channel.tell({ word: 'yields', to });
  }

  end(): void {
    this.#leave();
    this.#listeners.clear();
  }

  #hear(claim: Claim): void {
    this.#channel.tell({ word: 'present' });
    const now = this.#now();
    const { firstAt = now } = this.#fresh().find(({ claim: { host } }) => host === claim.host) ?? {};
    this.#claims.set(claim.host, { claim, firstAt, lastAt: now });
    if (this.want()) for (const change of [...this.#listeners]) change();
  }

  #fresh(): readonly Heard[] {
    const now = this.#now();
    for (const [host, { lastAt }] of this.#claims) if (now - lastAt > FRESH_MS) this.#claims.delete(host);
    return [...this.#claims.values()];
  }

  /** Of those to whom it is to yield: one with newer code, else the first. */
  #best(): Heard | undefined {
    const better = this.#fresh().map((heard) => ({ heard, by: betterBy(heard.claim, this.#standing) }));
    return (better.find(({ by }) => by === 'code') ?? better.find(({ by }) => by))?.heard;
  }
}
