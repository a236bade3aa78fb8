import { HoldfastError, isHoldfastError } from '@holdfast/core';
import {
  assertFollows,
  type Checkpoint,
  type Durability,
  type Op,
  type RunAddress,
  runKey,
} from '@holdfast/core/store';
import { attachedBy, storable, type ToStored } from './attachments.js';
import { within } from './durability.js';
import { address, historyUpTo, rangeOf } from './keys.js';
import { type Knowing, knownTo } from './known-seqs.js';
import { fromRow } from './row.js';
import type { Database, Head, STORES, Transaction } from './schema.js';
import { putStart } from './start.js';
import { answer, ignoreRejection, readHead, tableOf, transact } from './transaction.js';

/** The stores whose keys begin with a run's address. */
const PARTS = ['holdfast_values', 'holdfast_attachments', 'holdfast_history'] as const;

/** Whom this store was given an epoch as. */
interface Owner extends Knowing {
  /** The database that the epoch belongs to. */
  readonly incarnation: string;
}

/** What a store knows of its commits. */
interface Terms {
  /** The most that they are. */
  readonly durability: Durability;
  ownerOf(epoch: number): Owner | undefined;
}

/** What became of one member of a commit group: `undefined` when it is stored. */
export type Refusal = HoldfastError | undefined;

/**
 * One transaction for all `checkpoints`: reads the head, and the stored seqs that their owner does not know, leaves out the
 * members which are refused, writes the others, and resolves when the transaction is complete: the success of a
 * request is not yet a commit. Nothing but requests is awaited in between, because anything else would end the transaction.
 * Where all seqs are known, nothing but the fence can refuse a member, and it refuses all: then they are written without
 * waiting for it, and taken back when it does.
 */
export async function commitTogether(
  db: Database,
  checkpoints: readonly Checkpoint[],
  { durability, ownerOf }: Terms,
): Promise<Refusal[]> {
  const toStored = await storable(db, attachedBy(checkpoints));
  const owners = checkpoints.map(({ epoch }) => ownerOf(epoch));
  const stored: (() => void)[] = [];
  const known = knownTo(owners, checkpoints);
  const isAhead = checkpoints.every((checkpoint) => known.has(runKey(checkpoint)) && !isDeletion(checkpoint));
  const writing = transact(db, within(durability, strictestOf(checkpoints)), async (transaction) => {
    const reading = readBefore(transaction, checkpoints, known);
    ignoreRejection(reading);
    const before = isAhead ? undefined : await reading;
    const seqs = before?.seqs ?? new Map<string, number | undefined>(known);
    const refusals = checkpoints.map((checkpoint, at) => {
      const key = runKey(checkpoint);
      const owner = owners[at];
      const refusal = refusalOf(() => {
        if (before) assertEpoch(checkpoint.epoch, before.head, owner?.incarnation);
        assertFollows(checkpoint, seqs.get(key));
      });
      if (!refusal) {
        const seq = write(transaction, checkpoint, before?.inboxes.get(key) ?? [], toStored);
        seqs.set(key, seq);
        stored.push(() => owner?.seqs.learn(checkpoint, seq));
      }
      return refusal;
    });
    const { head } = await reading;
    const [first] = checkpoints;
    if (isAhead && first) assertEpoch(first.epoch, head, owners[0]?.incarnation);
    return refusals;
  });
  try {
    const refusals = await writing;
    for (const learn of stored) learn();
    return refusals;
  } catch (error) {
    if (isHoldfastError(error, 'STORE_FENCED')) return checkpoints.map(() => error);
    throw error;
  }
}

/** All that the writes depend on, so that they need no `await` between them. */
export async function readBefore(
  transaction: Transaction,
  checkpoints: readonly (RunAddress & Partial<Pick<Checkpoint, 'ops'>>)[],
  known: ReadonlyMap<string, number> = new Map(),
) {
  const runs = [...new Map(checkpoints.map((one) => [runKey(one), address(one)]))];
  const unknown = runs.filter(([key]) => !known.has(key));
  const deleted = runs.filter(([key]) => checkpoints.some((one) => runKey(one) === key && isDeletion(one)));
  const heads = tableOf(transaction, 'holdfast_runs');
  const inbox = tableOf(transaction, 'holdfast_inbox').index('[workflow+run]');
  const [head, rows, numbers] = await Promise.all([
    readHead(transaction),
    Promise.all(unknown.map(([, run]) => answer(heads.get(run)))),
    Promise.all(deleted.map(([, run]) => answer(inbox.getAllKeys(run)))),
  ]);
  return {
    head,
    seqs: new Map<string, number | undefined>([...known, ...unknown.map(([key], at) => [key, rows[at]?.seq] as const)]),
    inboxes: new Map(deleted.map(([key], at) => [key, numbers[at]])),
  };
}

/** Why it is refused, by what `check` throws. */
export function refusalOf(check: () => void): Refusal {
  try {
    check();
    return undefined;
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
}

/** @throws `STORE_FENCED`. */
export function assertEpoch(epoch: number, head: Head | undefined, incarnation: string | undefined): void {
  const same = incarnation === undefined || incarnation === head?.incarnation;
  if (epoch !== head?.epoch || !same) throw fenced(epoch, head?.epoch);
}

/** The reason of an owner's end. */
export function fenced(epoch: number, present: number | undefined): HoldfastError {
  return new HoldfastError('STORE_FENCED', {
    message: `Epoch ${epoch} was fenced${present === undefined ? '' : ` by epoch ${present}`}: another host owns the store now.`,
    details: { epoch, ...(present === undefined ? {} : { present }) },
  });
}

/** Puts what the ops say; returns the run's seq after them. */
export function write(
  transaction: Transaction,
  checkpoint: Checkpoint,
  inbox: readonly number[],
  toStored: ToStored,
): number | undefined {
  let seq: number | undefined = checkpoint.after;
  for (const op of checkpoint.ops) {
    if (op.op === 'run' || op.op === 'prune') seq = op.row.seq;
    if (op.op === 'delete') seq = undefined;
    if (op.op === 'restart') seq = op.start.row.seq;
    apply(transaction, checkpoint, op, inbox, toStored);
  }
  return seq;
}

function apply(
  transaction: Transaction,
  { workflow, run }: RunAddress,
  op: Op,
  inbox: readonly number[],
  toStored: ToStored,
): void {
  const to = <N extends (typeof STORES)[number]>(table: N) => tableOf(transaction, table);
  switch (op.op) {
    case 'run':
      to('holdfast_runs').put(fromRow(op.row));
      break;
    case 'put':
      to('holdfast_values').put(op.value, [workflow, run, op.id]);
      break;
    case 'remove':
      to('holdfast_values').delete([workflow, run, op.id]);
      break;
    case 'attach':
      to('holdfast_attachments').put(toStored(op.blob), [workflow, run, op.id]);
      break;
    case 'detach':
      to('holdfast_attachments').delete([workflow, run, op.id]);
      break;
    case 'history':
      to('holdfast_history').put(op.row, [workflow, run, op.row.seq]);
      break;
    case 'taken':
      to('holdfast_inbox').delete(op.n);
      break;
    case 'forget':
      to('holdfast_history').delete(historyUpTo({ workflow, run }, op.upTo));
      break;
    case 'prune':
      removeRun(transaction, { workflow, run }, inbox);
      to('holdfast_runs').put(fromRow(op.row));
      break;
    case 'delete':
      removeRun(transaction, { workflow, run }, inbox);
      break;
    case 'restart':
      removeRun(transaction, { workflow, run }, inbox);
      putStart(transaction, op.start, toStored);
      break;
  }
}

function removeRun(transaction: Transaction, run: RunAddress, inbox: readonly number[]): void {
  tableOf(transaction, 'holdfast_runs').delete(address(run));
  for (const part of PARTS) tableOf(transaction, part).delete(rangeOf(run));
  for (const n of inbox) tableOf(transaction, 'holdfast_inbox').delete(n);
}

function isDeletion({ ops = [] }: Partial<Pick<Checkpoint, 'ops'>>): boolean {
  return ops.some(({ op }) => op === 'delete' || op === 'restart' || op === 'prune');
}

function strictestOf(checkpoints: readonly Checkpoint[]): Durability {
  return checkpoints.some(({ durability }) => durability === 'strict') ? 'strict' : 'relaxed';
}
