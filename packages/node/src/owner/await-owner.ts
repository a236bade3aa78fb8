import type { OwnerLink } from '../link/owner-link.js';
import { pause } from '../link/pause.js';

export interface AwaitOptions {
  readonly link: OwnerLink;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** For how long (ms) an owner may be silent before it is taken to be dead; Infinity: for ever. */
  readonly ownerTimeoutMs: number;
}

/** How long until it is looked again, in ms: where the end of the owner can't be seen, where it can, and just after it. */
const LOOK_MS = { blind: 100, connected: 1000, ended: 5 };

/** So often just after it. */
const LOOKS_AFTER_END = 100;

/** In so many parts a timeout is waited for: so it counts time in which this process could have heard something. */
const PARTS = 4;

/**
 * Waits for the end of an owner. Its connection tells of it at once; that the system still shows the process for a moment
 * is why `ended` is asked for again.
 *
 * Owns: how long the present owner has been silent.
 * 1. Only an owner that holds a connection and says nothing on it is silent: one that can't be reached may be well.
 * 2. Time in which this process itself stood still does not count.
 */
export class OwnerWait {
  readonly #options: AwaitOptions;
  #silentMs = 0;
  #epoch = 0;
  /** Messages of it when it was last looked. */
  #heard = 0;
  #looksAfterEnd = 0;

  constructor(options: AwaitOptions) {
    this.#options = options;
  }

  /** Resolves when it is worth to ask for ownership again; gives the epoch of an owner that is to be taken for dead. */
  async next(): Promise<number | undefined> {
    const { link, signal, ownerTimeoutMs } = this.#options;
    const owner = await link.reach();
    if (!owner) {
      await pause(this.#looksAfterEnd > 0 ? LOOK_MS.ended : LOOK_MS.blind, { holds: true }, signal);
      this.#looksAfterEnd--;
      return undefined;
    }
    if (owner.epoch !== this.#epoch) {
      this.#epoch = owner.epoch;
      this.#heard = owner.heard;
      this.#silentMs = 0;
    }
    const partMs = Math.min(ownerTimeoutMs / PARTS, LOOK_MS.connected);
    if (ownerTimeoutMs !== Number.POSITIVE_INFINITY) void owner.ask('ping', {}).catch(() => undefined);
    await pause(partMs, { holds: true }, signal, owner.gone);
    if (owner.gone.aborted) {
      this.#looksAfterEnd = LOOKS_AFTER_END;
      return undefined;
    }
    this.#silentMs = owner.heard === this.#heard ? this.#silentMs + partMs : 0;
    this.#heard = owner.heard;
    return this.#silentMs >= ownerTimeoutMs ? owner.epoch : undefined;
  }
}
