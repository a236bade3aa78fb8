import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Refusal } from './refusal.js';

interface Hold {
  /** Requests of steps whose name begins with this are counted ... */
  readonly step: string;
  /** ... and held from this one on. */
  readonly from: number;
  seen: number;
}

/**
 * Owns what can go wrong between the worker and this server: dropped connections, latency, and requests held in the
 * middle of their execution, so that a test can do harm at a known point. Off until asked for.
 *
 * 1. While connections are dropped, no request begins and no answer leaves.
 * 2. A held request has begun (the ledger says so) and executes at release, whether or not its client is still there.
 */
export class Traffic {
  readonly #latencyMs: number;
  readonly #sockets = new Set<Socket>();
  readonly #held = new Set<() => void>();
  readonly #heldWatchers = new Set<() => void>();
  #dropping = false;
  #hold: Hold | undefined;

  constructor(latencyMs = 0) {
    this.#latencyMs = latencyMs;
  }

  get dropping(): boolean {
    return this.#dropping;
  }

  /** From now on cuts every connection that a step uses, or lets them through again. */
  drop(dropping: boolean): void {
    this.#dropping = dropping;
    if (dropping) for (const socket of this.#sockets) socket.destroy();
  }

  /** Counts a step's connection as in use until its answer has left. False when it was cut at once. */
  admit(response: ServerResponse): boolean {
    const { socket } = response;
    if (!socket) return false;
    if (this.#dropping) {
      socket.destroy();
      return false;
    }
    this.#sockets.add(socket);
    response.once('close', () => this.#sockets.delete(socket));
    return true;
  }

  hold(step: string, from: number): void {
    if (this.#hold) throw new Refusal(409, 'Requests are held already: release them first.');
    this.#hold = { step, from, seen: 0 };
  }

  release(): void {
    this.#hold = undefined;
    for (const go of this.#held) go();
    this.#held.clear();
  }

  /** Resolves as soon as `count` requests are held. */
  async held(count: number): Promise<number> {
    while (this.#held.size < count) await new Promise<void>((resolve) => this.#heldWatchers.add(resolve));
    return this.#held.size;
  }

  /** Stands between a request's begin and its effect. */
  async pass(step: string): Promise<void> {
    const hold = this.#hold;
    if (hold && step.startsWith(hold.step) && ++hold.seen >= hold.from) await this.#wait();
    if (this.#latencyMs > 0) await delay(this.#latencyMs);
  }

  #wait(): Promise<void> {
    const released = new Promise<void>((resolve) => this.#held.add(resolve));
    for (const look of this.#heldWatchers) look();
    this.#heldWatchers.clear();
    return released;
  }
}
