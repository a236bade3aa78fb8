import { isHoldfastError } from '../errors/index.js';
import { isClosed, type RunAddress, type StoredRun } from '../records/records.js';
import type { Ownership, Store } from '../store/store.js';
import { type DevOptions, restarted, restartOf } from './dev.js';
import type { Gone } from './live-run.js';
import type { Clock } from './ports.js';
import type { Problems } from './problems.js';
import type { Registry } from './registry.js';
import { isParking } from './seen.js';

export interface SetbacksPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly problems: Problems;
  readonly dev: Required<DevOptions>;
  ownership(): Ownership | undefined;
  /** Carries out the controls of a run that is not in memory; gives it as it is then, or nothing when it is gone. */
  carryOut(stored: StoredRun, ownership: Ownership): Promise<StoredRun | undefined>;
  /** The run starts anew. */
  gone(address: RunAddress, gone: Gone): void;
  /** A commit was refused: another is the owner. */
  fenced(): void;
  changed(address: RunAddress): void;
  onError(error: unknown, address: RunAddress): void;
}

/**
 * What becomes of a run that could not be brought into memory, or can't stay there.
 *
 * Owns: no state; its problems have theirs. Never: runs in memory.
 * 1. A run that this code can't take up is parked: nothing of it is written, but what controls ask for.
 * 2. In development it may start anew instead.
 * 3. Any other is tried again after a while.
 * 4. What went wrong under one ownership is not held against the next.
 */
export class Setbacks {
  readonly #ports: SetbacksPorts;

  constructor(ports: SetbacksPorts) {
    this.#ports = ports;
  }

  async failed(address: RunAddress, error: unknown): Promise<void> {
    const ownership = this.#ports.ownership();
    if (!ownership) return;
    const isOwner = () => this.#ports.ownership() === ownership;
    try {
      if (isParking(error) && (await this.#isRemedied(address, error, ownership))) return;
      if (isOwner()) this.#trouble(address, error);
    } catch (failure) {
      if (isOwner()) this.#trouble(address, failure);
    }
  }

  async #isRemedied(address: RunAddress, error: unknown, ownership: Ownership): Promise<boolean> {
    return (await this.#controlParked(address, ownership)) || (await this.#startAnew(address, error, ownership));
  }

  /** A run that can't be taken up can still be ended, deleted or started anew. True when it was. */
  async #controlParked(address: RunAddress, ownership: Ownership): Promise<boolean> {
    const stored = await this.#ports.store.load(address);
    if (!stored) return false;
    const after = await this.#ports.carryOut(stored, ownership);
    return !after || isClosed(after.row.status);
  }

  /** In development, a run that this code does not fit starts anew. True when it does. */
  async #startAnew(address: RunAddress, error: unknown, { epoch }: Ownership): Promise<boolean> {
    const { store, clock, registry, dev, gone, onError } = this.#ports;
    const stored = dev.onMismatch === 'restart' ? await store.load(address) : undefined;
    if (!stored) return false;
    const op = restartOf(stored, error, () => registry.newest(address.workflow).version, clock.now());
    if (!op) return false;
    await store.commit({ ...address, epoch, after: stored.row.seq, durability: 'strict', ops: [op] });
    onError(restarted(address, error), address);
    gone(address, 'restarted');
    return true;
  }

  /** Parks a run, or tries it again after a while: its memory is gone, its record as the last commit left it. */
  #trouble(address: RunAddress, error: unknown): void {
    const { problems, fenced, onError, changed } = this.#ports;
    if (isHoldfastError(error, 'STORE_FENCED')) {
      fenced();
      return;
    }
    if (isHoldfastError(error, 'CLOSED')) return;
    problems.add(address, error);
    onError(error, address);
    changed(address);
  }
}
