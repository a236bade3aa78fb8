import { outcomeOf } from '../client/outcome.js';
import type { HostApi, Interest, Notice } from '../client/protocol.js';
import { type RunSnapshotData, UNKNOWN } from '../client/snapshot.js';
import { encode } from '../codec/index.js';
import { deadLetters } from '../decide/dead-letters.js';
import { Decider } from '../decide/decider.js';
import { inspectRun } from '../decide/inspect-run.js';
import { RunRecord } from '../decide/run-record.js';
import { actorRefReducers } from '../engine/index.js';
import {
  type Encoded,
  isClosed,
  type RunAddress,
  type RunRow,
  type RunStatus,
  type StoredRun,
} from '../records/records.js';
import type { Store } from '../store/store.js';
import { Changes } from './changes.js';
import type { LiveRun } from './live-run.js';
import type { Emission, Relay } from './ports.js';
import type { Problems } from './problems.js';
import { Publisher } from './publisher.js';
import { crashLoop, stepExhausted } from './refusals.js';
import type { Registry } from './registry.js';
import { toData, type View, withProblem } from './seen.js';

export interface RunViewsPorts {
  readonly store: Store;
  readonly registry: Registry;
  readonly problems: Problems;
  /** A guest takes nothing up: what it has no code for is none the worse for it. */
  readonly isHost: boolean;
  readonly frameMs: number;
  /** To the other hosts of the store. */
  readonly relay?: Relay | undefined;
  /** The run, where it is in memory. */
  live(address: RunAddress): LiveRun | undefined;
  onError(error: unknown, address?: RunAddress): void;
}

/**
 * What is seen of runs: read for who asks, told to who watches, and looked at again for who waits.
 *
 * Owns: who watches, and who waits for a change. Never: a run's state, which it only reads.
 * 1. Nothing is shown that is not durable: of a run in memory its last checkpoint, of any other its record.
 * 2. A run that can't be taken up here is shown too, with what its head tells and the reason.
 */
export class RunViews {
  /** Who waits until something about a run holds. */
  readonly changes = new Changes();
  readonly #ports: RunViewsPorts;
  readonly #publisher: Publisher;

  constructor(ports: RunViewsPorts) {
    this.#ports = ports;
    const { frameMs, onError } = ports;
    const goesOn = (address: RunAddress) => this.#goesOn(address);
    this.#publisher = new Publisher((interest) => this.#notice(interest), { onError, frameMs, goesOn });
  }

  list: HostApi['list'] = (query) => this.#ports.store.list(query);
  history: HostApi['history'] = (address, options) => this.#ports.store.history(address, options);

  async deadLetters(address: RunAddress): Promise<Encoded> {
    const stored = await this.#ports.store.load(address);
    return encode(stored ? deadLetters(new RunRecord(stored)) : [], 'dead letters');
  }

  async see(address: RunAddress): Promise<RunSnapshotData> {
    const { store, registry, problems } = this.#ports;
    const live = this.#ports.live(address);
    if (live) {
      const { row } = live.durable;
      return withProblem(toData(row, live.durable.view()), 'paused', pauseOf(row, live.durable));
    }
    const stored = await store.load(address);
    if (!stored) return { ...UNKNOWN, run: { ...UNKNOWN.run, status: 'absent' } };
    if (stored.row.status === 'pruned') return toData(stored.row, { ...UNKNOWN, status: 'stopped' });
    try {
      const decider = new Decider(registry.of(stored.row), stored, () => {});
      const data = toData(stored.row, decider.view());
      return withProblem(data, 'paused', problems.errorOf(address) ?? pauseOf(stored.row, decider));
    } catch (error) {
      if (!this.#ports.isHost) return toData(stored.row, storedView(stored));
      return withProblem(toData(stored.row, UNKNOWN), 'parked', error);
    }
  }

  listen(listener: (notice: Notice) => void): () => void {
    return this.#publisher.listen(listener);
  }

  watch(interest: Interest): void {
    this.#publisher.watch(interest);
  }

  unwatch(interestId: string): void {
    this.#publisher.unwatch(interestId);
  }

  /** Forgets who watches. */
  close(): void {
    this.#publisher.close();
  }

  /** Something about that run has changed. */
  changed(address: RunAddress): void {
    this.#publisher.changed(address);
    this.changes.tell(address);
  }

  /** Tells how the host stands to the store; what it knew more than what is stored is gone with its ownership. */
  ownershipChanged(ownership: 'owner' | 'standby'): void {
    this.#publisher.tell({ kind: 'host', ownership });
    if (ownership === 'standby') this.#publisher.allChanged();
  }

  /** Anything may have changed: an owner may die between a commit and its word to the others. */
  allChanged(): void {
    this.#publisher.allChanged();
    this.changes.tellAll();
  }

  /** Its cause is committed: an event that can't be told is no reason to throw the run away. */
  emitted(address: RunAddress, event: { readonly type: string }): void {
    try {
      const encoded = encode(event, 'event', actorRefReducers);
      this.#publisher.emitted(address, encoded);
      this.#ports.relay?.tell({ workflow: address.workflow, run: address.run, event: encoded });
    } catch (error) {
      this.#ports.onError(error, address);
    }
  }

  /** A run of another host has emitted an event. */
  heard({ event, ...address }: Emission): void {
    this.#publisher.emitted(address, event);
  }

  async #notice(interest: Interest): Promise<Notice> {
    if (interest.kind === 'run') return this.#runNotice(interest);
    const { rows } = await this.#ports.store.list(interest.query);
    return { kind: 'runs', interest: interest.id, rows };
  }

  async #runNotice({ id, address, only }: Extract<Interest, { kind: 'run' }>): Promise<Notice> {
    const data = await this.see(address);
    if (only === 'end' && !outcomeOf(address, data, true)) return { kind: 'going on', interest: id };
    return { kind: 'run', interest: id, snapshot: encode(data, 'snapshot', actorRefReducers) };
  }

  /** Of one that is not in memory that is not known: nor whether it can be brought there. */
  #goesOn(address: RunAddress): boolean {
    const live = this.#ports.live(address);
    return live !== undefined && !isClosed(live.durable.row.status);
  }
}

const VIEW_STATUS: Partial<Record<RunStatus, View['status']>> = { done: 'done', failed: 'error', cancelled: 'stopped' };

/** What a record tells by itself. */
function storedView(stored: StoredRun): View {
  const { value, output, error } = inspectRun(stored);
  return { ...UNKNOWN, status: VIEW_STATUS[stored.row.status] ?? 'active', value, output, error };
}

/** Why a run is paused, where its record says so. */
function pauseOf(row: RunRow, { exhausted }: Pick<Decider, 'exhausted'>): unknown {
  if (row.reasons.includes('crash-loop')) return crashLoop(row);
  return row.reasons.includes('exhausted') && exhausted
    ? stepExhausted(row, exhausted.step, exhausted.entry)
    : undefined;
}
