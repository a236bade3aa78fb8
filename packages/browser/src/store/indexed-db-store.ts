import { HoldfastError } from '@holdfast/core';
import type { Checkpoint, Ownership, RunAddress, Store, StoreChange } from '@holdfast/core/store';
import { Rivals } from '../claims/rivals.js';
import type { Standing } from '../claims/words.js';
import { Channel } from '../wire/channel.js';
import { acceptOne } from './accept.js';
import { commitTogether, type Refusal } from './commit.js';
import { CommitGroup } from './commit-group.js';
import { Connection } from './connection.js';
import { ownAcceptance, ownCheckpoint } from './own-copy.js';
import { acquireOwnership, type Held, type HostRegister } from './ownership.js';
import { readHeadOf, readHistory, readInbox, readPage, readRun } from './read.js';
import type { Database } from './schema.js';

export interface IndexedDbStoreOptions {
  /** Name of the database, of its lock and of its channel: one per user, where a browser is shared. */
  readonly name: string;
  /** How long opening may take before it is `STORE_BLOCKED`; default 10,000 ms. */
  readonly openMs?: number;
  /** Default: none, and every host that ends without giving the store back has crashed. */
  readonly hosts?: HostRegister;
  /** What the host says of itself to others that want the store. Default: one that is no better than any other. */
  readonly standing?: Standing;
  /**
   * For how long an owner may leave the claims of this host unanswered, by its worker and by its page, before the store is
   * taken from it; twice as long each time. Default 10,000 ms.
   */
  readonly stealAfterMs?: number;
  /** Aborted when the lock is to be free at once: its holder is about to stand still. What is under way is fenced off. */
  readonly ended?: AbortSignal;
}

/**
 * Checkpoints in IndexedDB, for a worker or a page of a secure context. Nothing is opened before its first use.
 *
 * Besides the codes of the port: `STORE_BLOCKED` (another tab keeps the database from opening), `STORE_FULL` (quota),
 * `STORE_FORMAT` (written by newer code), `STORE_FAILED`.
 */
export function createIndexedDbStore(options: IndexedDbStoreOptions): Store {
  const { name, openMs = 10_000, hosts, standing, stealAfterMs = 10_000, ended } = options;
  const connection = new Connection(name, openMs);
  const wakes = new Channel<StoreChange>(`holdfast:${name}`);
  const rivals = new Rivals(name, stealAfterMs, standing);
  const closing = new AbortController();
  const held = new Map<number, Held>();
  const group = new CommitGroup(write);
  const closeChannels = () => {
    wakes.close();
    rivals.close();
  };
  ended?.addEventListener('abort', closeChannels, { once: true });

  async function write(checkpoints: readonly Checkpoint[]): Promise<Refusal[]> {
    const refusals = await connection.use((db) =>
      commitTogether(db, checkpoints, (epoch) => held.get(epoch)?.incarnation),
    );
    checkpoints.forEach(({ workflow, run, epoch }, at) => {
      const refusal = refusals[at];
      if (!refusal) wakes.tell({ kind: 'committed', workflow, run });
      else if (refusal.code === 'STORE_FENCED') held.get(epoch)?.lose(refusal.details.present as number);
    });
    return refusals;
  }

  async function acquire({ signal }: { signal?: AbortSignal } = {}): Promise<Ownership> {
    open();
    const over = AbortSignal.any([closing.signal, ended, signal].filter((one) => one !== undefined));
    const ownership = await acquireOwnership(connection, over, rivals, { hosts, ended });
    if (closing.signal.aborted) await ownership.giveBack();
    open();
    held.set(ownership.epoch, ownership);
    return ownership;
  }

  async function close(): Promise<void> {
    closing.abort();
    await group.idle();
    await Promise.all([...held.values()].map((ownership) => ownership.giveBack()));
    await connection.close();
    closeChannels();
  }

  const open = () => {
    if (closing.signal.aborted) throw new HoldfastError('CLOSED', { message: `The store ${name} is closed.` });
  };
  const reading = <A extends unknown[], R>(read: (db: Database, ...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      open();
      return connection.use((db) => read(db, ...args));
    };
  };

  return {
    name,
    supports: { powerLoss: true, shared: true, attachments: true },
    acquire,
    async commit(checkpoint) {
      open();
      return group.add(ownCheckpoint(checkpoint));
    },
    async accept(acceptance) {
      open();
      const own = ownAcceptance(acceptance);
      return connection.use(async (db) => {
        const accepted = await acceptOne(db, own);
        const met = 'row' in accepted ? accepted.row : undefined;
        const { workflow, run } = met ?? own.row;
        // A queued run that is there may be of a call whose worker died before it told the owner.
        if (!met || met.status === 'queued') wakes.tell({ kind: 'accepted', workflow, run });
        return accepted;
      });
    },
    load: reading((db, run: RunAddress) => readRun(db, run)),
    head: reading((db, run: RunAddress) => readHeadOf(db, run)),
    list: reading(readPage),
    inbox: reading(readInbox),
    history: reading(readHistory),
    watch: (listener: (change: StoreChange) => void) => wakes.listen(listener),
    close,
  };
}
