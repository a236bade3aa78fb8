import type { StoreChange } from '@holdfast/core/store';
import { type OwnedPlace, presentOwner } from '../owner/owner-file.js';
import { pause } from './pause.js';
import { ReachedOwner } from './reached-owner.js';
import type { Sockets } from './sockets.js';
import type { Question, Questions } from './wire.js';

export interface OwnerLinkOptions extends OwnedPlace {
  readonly sockets: Sockets;
  /** Told of changes; `by` is the guest whose mail made it. */
  readonly changed: (change: StoreChange, by: string | undefined) => void;
}

/** How long until it is looked again whether there is an owner, or whether it is alive, in ms. */
const LOOK_MS = { absent: 100, present: 1000 };

/**
 * A guest's way to whoever owns the directory.
 *
 * Owns: the connection to the present owner, one at a time.
 * 1. An owner that does not answer is as good as none, until it says something, or another one is there.
 * 2. While it follows, every change is told: those that may have been made while there was no connection, as `missed`.
 */
export class OwnerLink {
  readonly #options: OwnerLinkOptions;
  #owner: ReachedOwner | undefined;
  #reaching: Promise<ReachedOwner | undefined> | undefined;
  #following: AbortController | undefined;
  #isClosed = false;

  constructor(options: OwnerLinkOptions) {
    this.#options = options;
  }

  /** The present owner, if it can be reached, whether it answers or not. @throws the system's errors. */
  reach(): Promise<ReachedOwner | undefined> {
    this.#reaching ??= this.#reach().finally(() => {
      this.#reaching = undefined;
    });
    return this.#reaching;
  }

  /** Whether there is an owner that answers, as far as is known. */
  async answers(): Promise<boolean> {
    const owner = await this.reach();
    return owner !== undefined && !owner.isSilent && (await owner.greets());
  }

  /** The owner's answer; nothing where there is none, or it does not answer. @throws what the owner answers with. */
  async ask<Q extends Question>(
    question: Q,
    asks: Questions[Q]['asks'],
  ): Promise<{ readonly answer: Questions[Q]['answer'] } | undefined> {
    return (await this.answers()) ? this.#owner?.ask(question, asks) : undefined;
  }

  /** Stays connected, to whoever is the owner, until `close` or `unfollow`. */
  follow(): void {
    if (this.#following || this.#isClosed) return;
    this.#following = new AbortController();
    void this.#follow(this.#following.signal);
  }

  unfollow(): void {
    this.#following?.abort();
    this.#following = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.unfollow();
    this.#owner?.end();
  }

  async #reach(): Promise<ReachedOwner | undefined> {
    const known = this.#owner;
    if (known && !known.gone.aborted && !known.isSilent) return known;
    const { processes, sockets, changed } = this.#options;
    const present = await presentOwner(this.#options);
    if (known && !known.gone.aborted && known.epoch === present?.epoch) return known;
    known?.end();
    this.#owner = undefined;
    if (this.#isClosed || present?.socket === undefined || !processes.isAlive(present)) return undefined;
    const connection = await sockets.connect(present.socket).catch(() => undefined);
    if (!connection) return undefined;
    if (this.#isClosed) {
      connection.end();
      return undefined;
    }
    this.#owner = new ReachedOwner(present.epoch, connection, changed);
    return this.#owner;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let followed: ReachedOwner | undefined;
    while (!signal.aborted) {
      const owner = await this.reach().catch(() => undefined);
      const answers = owner && (await owner.ask('ping', {}).catch(() => undefined));
      if (owner && answers && owner !== followed) {
        followed = owner;
        this.#options.changed({ kind: 'missed' }, undefined);
      }
      await pause(owner && answers ? LOOK_MS.present : LOOK_MS.absent, { holds: false }, signal, owner?.gone);
    }
  }
}
