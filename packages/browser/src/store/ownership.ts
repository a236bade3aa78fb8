import type { HoldfastError } from '@holdfast/core';
import type { Ownership } from '@holdfast/core/store';
import type { Rivals } from '../claims/rivals.js';
import { fenced } from './commit.js';
import type { Connection } from './connection.js';
import { FreshStarts } from './fresh-starts.js';
import { KnownSeqs } from './known-seqs.js';
import { ROUND_MS, requestLock } from './lock.js';
import { mayLoseItsLog, renewLog } from './renew-log.js';
import type { Database, Head } from './schema.js';
import { readHead, tableOf, transact } from './transaction.js';

/**
 * What a store knows of hosts. A page ends its worker when it unloads, and then nothing can be written to the database
 * any more: whether an end without a word was a crash, only pages can tell.
 */
export interface HostRegister {
  /** Name of this host, and of a Web Lock that it holds while it lives: no other has ever had it. */
  readonly self: string;
  /** Whether the host of that name was ended on purpose. Asked at take-over: earlier it may not have been known. */
  wasEnded(host: string): Promise<boolean>;
}

/** Ownership, and what the store needs of it. */
export interface Held extends Ownership {
  /** The database that the epoch belongs to. */
  readonly incarnation: string;
  readonly seqs: KnownSeqs;
  readonly fresh: FreshStarts;
  /** Tells the owner that it is none any more, and why. */
  lose(reason: HoldfastError): void;
  /** Frees the lock, and nothing else. */
  giveBack(): Promise<void>;
}

/**
 * Waits for the Web Lock of the store, which decides who runs, then raises the epoch, which decides who may commit. After a
 * crash that the browser may not have outlived, the browser's log is renewed before anything is written behind it.
 * @throws `CLOSED` when `signal` is aborted first; store codes when the epoch can't be raised.
 */
export async function acquireOwnership(
  connection: Connection,
  signal: AbortSignal,
  rivals: Rivals,
  { hosts, ended }: { hosts: HostRegister | undefined; ended: AbortSignal | undefined },
): Promise<Held> {
  const wasEnded = async (host: string) => rivals.sawEnd(host) || ((await hosts?.wasEnded(host)) ?? false);
  const alive = await locksHeld();
  const lock = await requestLock(`holdfast:${connection.name}`, signal, rivals);
  const wanted = rivals.defend();
  const fresh = new FreshStarts();
  const giveBack = async () => {
    fresh.end();
    wanted.end();
    await lock.release();
  };
  ended?.addEventListener('abort', () => void giveBack(), { once: true });
  try {
    const { before, raised } = await insistently(connection, async () => {
      if (mayLoseItsLog) await mendLog(connection, alive, wasEnded);
      return connection.use((db) => raiseEpoch(db, hosts?.self));
    });
    const { epoch, incarnation } = raised;
    const afterCrash = await hasCrashed(before, wasEnded);
    const lost = new AbortController();
    const lose = (reason: HoldfastError) => {
      fresh.end();
      wanted.end();
      lost.abort(reason);
    };
    lock.stolen.then(() => lose(fenced(epoch, undefined)));
    const release = async () => {
      wanted.yields();
      try {
        await connection.use((db) => noteRelease(db, raised));
      } finally {
        await giveBack();
      }
    };
    const seqs = new KnownSeqs();
    return { epoch, afterCrash, incarnation, seqs, fresh, lost: lost.signal, lose, wanted, release, giveBack };
  } catch (error) {
    await giveBack();
    throw error;
  }
}

/**
 * Asks the database for something now and then while `work` waits for it. Chromium throws a page out of its back/forward cache
 * for a transaction that it holds when another one is begun that has to wait for it; one that waits already when the page
 * gets there would wait for as long as it is kept.
 */
async function insistently<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  const ask = () => connection.use((db) => db.count('holdfast_meta')).catch(() => undefined);
  const asking = setInterval(ask, ROUND_MS);
  try {
    return await work();
  } finally {
    clearInterval(asking);
  }
}

/** Names of the locks that are held now. Whoever holds one shows that the browser has not ended since. */
async function locksHeld(): Promise<ReadonlySet<string | undefined>> {
  const { held = [] } = await navigator.locks.query();
  return new Set(held.map(({ name }) => name));
}

async function mendLog(
  connection: Connection,
  alive: ReadonlySet<string | undefined>,
  wasEnded: HostRegister['wasEnded'],
): Promise<void> {
  const before = await connection.use((db) => db.get('holdfast_meta', 'head'));
  if (before && !alive.has(before.host) && (await hasCrashed(before, wasEnded))) await renewLog(connection.name);
}

function raiseEpoch(db: Database, host: string | undefined): Promise<{ before: Head; raised: Head }> {
  return transact(db, 'strict', async (transaction) => {
    const before = await readHead(transaction);
    if (!before) throw new DOMException('The database has no head record.', 'NotFoundError');
    const { incarnation, format, epoch } = before;
    const raised = { incarnation, format, epoch: epoch + 1, ...(host !== undefined && { host }) };
    tableOf(transaction, 'holdfast_meta').put(raised, 'head');
    return { before, raised };
  });
}

async function hasCrashed({ epoch, released, host }: Head, wasEnded: HostRegister['wasEnded']): Promise<boolean> {
  if (epoch === 0 || released === epoch) return false;
  return host === undefined || !(await wasEnded(host));
}

/** Need not survive power loss: without it, that loss counts as the crash. */
function noteRelease(db: Database, { epoch, incarnation }: Head): Promise<void> {
  return transact(db, 'relaxed', async (transaction) => {
    const head = await readHead(transaction);
    if (head?.epoch !== epoch || head.incarnation !== incarnation) return;
    tableOf(transaction, 'holdfast_meta').put({ ...head, released: epoch }, 'head');
  });
}
