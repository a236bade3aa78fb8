import { decode } from '../codec/index.js';
import { actorRefRevivers, type EngineState } from '../engine/index.js';
import { isHoldfastError } from '../errors/index.js';
import { type HistoryRow, isClosed, type RunRow } from '../records/records.js';
import type { JournalEntry } from '../steps/journal.js';
import type { Checkpoint, Op, Store } from '../store/store.js';
import { runKey } from '../store/tables.js';
import type { Logger } from './logger.js';

type Level = keyof Logger;

const OWNS = 'owns the store';
const OWNS_AFTER_CRASH = `${OWNS}, after a crash`;

/**
 * A store that writes a log of what its host commits: so it tells of what is durable, of all of it, and of nothing twice.
 *
 * Owns: which runs it has told to be paused, which epochs to be lost.
 * 1. Nothing that is said, and nothing that the logger does, changes an outcome of the store.
 */
export function loggedStore(store: Store, logger: Logger): Store {
  const say: Say = (level, details, message) => logger[level](details, message);
  const paused = new Set<string>();
  const ousted = new Set<number>();
  const sayOusted = (epoch: number, err: unknown) => {
    if (ousted.has(epoch)) return;
    ousted.add(epoch);
    aside(() => say('warn', { store: store.name, epoch, err }, 'owns the store no more'));
  };
  const fenced = async (epoch: number, writing: Promise<void> | undefined) => {
    try {
      await writing;
    } catch (error) {
      if (isHoldfastError(error, 'STORE_FENCED')) sayOusted(epoch, error);
      throw error;
    }
  };
  return {
    ...bound(store),
    async acquire(options) {
      const ownership = await store.acquire(options);
      const { epoch, afterCrash, lost } = ownership;
      aside(() => say('info', { store: store.name, epoch, afterCrash }, afterCrash ? OWNS_AFTER_CRASH : OWNS));
      lost.addEventListener('abort', () => sayOusted(epoch, lost.reason), { once: true });
      return ownership;
    },
    async commit(checkpoint) {
      await fenced(checkpoint.epoch, store.commit(checkpoint));
      aside(() => sayCommitted(checkpoint, paused, say));
    },
    ...(store.transact &&
      ({
        async transact(claim, perform, conclude) {
          const made: Checkpoint[] = [];
          const noted: typeof conclude = (result) => {
            const checkpoint = conclude(result);
            made.push(checkpoint);
            return checkpoint;
          };
          await fenced(claim.epoch, store.transact?.(claim, perform, noted));
          for (const checkpoint of made) aside(() => sayCommitted(checkpoint, paused, say));
        },
      } satisfies Pick<Store, 'transact'>)),
  };
}

/** What is said of a commit must not fail it: it is durable. */
function aside(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    console.error(error);
  }
}

type Say = (level: Level, details: object, message: string) => void;

function sayCommitted({ workflow, run, ops }: Checkpoint, paused: Set<string>, say: Say): void {
  const address = { workflow, run };
  // What has arrived comes before what it did to the run.
  for (const op of ops) if (op.op === 'history') sayArrival(address, op.row, ops, say);
  for (const op of ops) {
    if (op.op === 'delete') say('info', address, 'run deleted');
    else if (op.op === 'prune') say('info', address, 'run pruned');
    else if (op.op === 'restart') say('info', address, 'run restarted');
    else if (op.op === 'run') sayPause(op.row, paused, say);
  }
}

function sayArrival(address: object, { seq, arrival, status }: HistoryRow, ops: readonly Op[], say: Say): void {
  const { kind, name, outcome, attempts } = arrival;
  say('debug', { ...address, seq, ...arrival }, 'checkpoint');
  if (kind === 'start') say('info', address, 'run started');
  if (kind === 'step' && (outcome === 'retrying' || outcome === 'failed' || outcome === 'exhausted')) {
    say('warn', { ...address, step: name, attempt: attempts, outcome, ...errorIn(ops) }, 'a try of a step failed');
  }
  if (kind === 'event' && outcome === 'refused') say('warn', { ...address, event: name }, 'an event was refused');
  if (!isClosed(status)) return;
  if (status === 'failed') say('warn', { ...address, status, ...failureIn(ops) }, 'run failed');
  else say('info', { ...address, status }, `run ${status}`);
}

function sayPause(row: RunRow, paused: Set<string>, say: Say): void {
  const { workflow, run, status, reasons } = row;
  const key = runKey(row);
  if (status !== 'paused') {
    if (paused.delete(key)) say('info', { workflow, run }, 'run resumed');
    return;
  }
  if (paused.has(key)) return;
  paused.add(key);
  const byPerson = reasons.every((reason) => reason === 'person');
  say(byPerson ? 'info' : 'warn', { workflow, run, reasons }, 'run paused');
}

/** Why the step of a checkpoint failed: it stands in the journal entry that the checkpoint stores. */
function errorIn(ops: readonly Op[]): { err?: unknown } {
  const entry = storedIn(ops, (id) => id.startsWith('journal/')) as JournalEntry | undefined;
  return entry?.error === undefined ? {} : { err: entry.error };
}

/** That of a machine is a record of its own; a step function's stands in its state. */
function failureIn(ops: readonly Op[]): { err?: unknown } {
  const state = storedIn(ops, (id) => id === 'state') as EngineState | undefined;
  const failure = storedIn(ops, (id) => id === 'failure') ?? state?.snapshot.error;
  return failure === undefined ? {} : { err: failure };
}

/** One with attachments is not read: they are not at hand. */
function storedIn(ops: readonly Op[], isMeant: (id: string) => boolean): unknown {
  const put = ops.find((op) => op.op === 'put' && isMeant(op.id));
  return put?.op === 'put' && !put.value.attachments?.length
    ? decode({ text: put.value.text, blobs: [] }, actorRefRevivers)
    : undefined;
}

/** Its methods, callable without it. */
function bound(store: Store): Store {
  const { name, supports } = store;
  return {
    name,
    supports,
    acquire: (options) => store.acquire(options),
    commit: (checkpoint) => store.commit(checkpoint),
    accept: (acceptance) => store.accept(acceptance),
    load: (address) => store.load(address),
    head: (address) => store.head(address),
    list: (query) => store.list(query),
    ...(store.due && { due: (limit) => (store as Required<Store>).due(limit) }),
    inbox: (address) => store.inbox(address),
    history: (address, options) => store.history(address, options),
    watch: (listener) => store.watch(listener),
    close: () => store.close(),
  };
}
