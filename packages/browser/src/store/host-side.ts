import type { HoldfastError } from '@holdfast/core';
import type { Durability } from '@holdfast/core/store';
import type { Standing } from '../claims/words.js';
import type { HostRegister } from './ownership.js';

/** Told of what becomes of a store's database. */
export interface StoreFollower {
  /** It was opened, for the first time or again: whether it is the same as before only its incarnation tells. */
  found(incarnation: string): void;
  /** What keeps it from being opened or a run from being stored; nothing when that is over. */
  trouble(error: HoldfastError | undefined): void;
}

/** What a store is told of the host that it is for. */
export interface HostSide {
  /** Default: none, and every host that ends without giving the store back has crashed. */
  readonly hosts?: HostRegister;
  /** What the host says of itself to others that want the store. Default: one that is no better than any other. */
  readonly standing?: Standing;
  /**
   * For how long an owner may leave the claims of this host unanswered, by its worker and by its page, before the store is
   * taken from it; twice as long each time. Default 10,000 ms.
   */
  readonly stealAfterMs?: number;
  /** The most that commits and acceptances of this host are; what gives it the store is strict all the same. Default strict. */
  readonly durability?: Durability;
  /** Aborted when the lock is to be free at once: its holder is about to stand still. What is under way is fenced off. */
  readonly ended?: AbortSignal;
  readonly following?: StoreFollower;
}
