import { HoldfastError, isHoldfastError } from '@holdfast/core';
import { assertFollows, type Checkpoint, type Durability, type Op, type RunAddress } from '@holdfast/core/store';
import { attachedBy, storable, type ToStored } from './attachments.js';
import { within } from './durability.js';
import { address, historyUpTo, rangeOf } from './keys.js';
import { fromRow } from './row.js';
import type { Database, Head, Transaction } from './schema.js';
import { putStart } from './start.js';
import { ignoreRejection, readHead, transact } from './transaction.js';

/** The stores whose keys begin with a run's address. */
const PARTS = ['holdfast_values', 'holdfast_attachments', 'holdfast_history'] as const;

/** What a store knows of its commits. */
interface Terms {
  /** The most that they are. */
  readonly durability: Durability;
  /** The database that an epoch belongs to. */
  incarnationOf(epoch: number): string | undefined;
}

/** What became of one member of a commit group: `undefined` when it is stored. */
export type Refusal = HoldfastError | undefined;

/**
 * One transaction for all `checkpoints`: reads the head and the stored seqs, leaves out the members which the fence
 * refuses, writes the others, and resolves when the transaction is complete: the success of a request is not yet
 * a commit. Nothing but requests is awaited in between, because anything else would end the transaction.
 */
export async function commitTogether(
  db: Database,
  checkpoints: readonly Checkpoint[],
  { durability, incarnationOf }: Terms,
): Promise<Refusal[]> {
  const toStored = await storable(db, attachedBy(checkpoints));
  return transact(db, within(durability, strictestOf(checkpoints)), async (transaction) => {
    const { head, seqs, inboxes } = await readBefore(transaction, checkpoints);
    return checkpoints.map((checkpoint) => {
      const key = keyOf(checkpoint);
      const refusal = refusalOf(() => {
        assertEpoch(checkpoint.epoch, head, incarnationOf(checkpoint.epoch));
        assertFollows(checkpoint, seqs.get(key));
      });
      if (!refusal) seqs.set(key, write(transaction, checkpoint, inboxes.get(key) ?? [], toStored));
      return refusal;
    });
  });
}

/** All that the writes depend on, so that they need no `await` between them. */
export async function readBefore(
  transaction: Transaction,
  checkpoints: readonly (RunAddress & Partial<Pick<Checkpoint, 'ops'>>)[],
) {
  const runs = [...new Map(checkpoints.map((one) => [keyOf(one), address(one)]))];
  const deleted = runs.filter(([key]) => checkpoints.some((one) => keyOf(one) === key && isDeletion(one)));
  const inbox = transaction.objectStore('holdfast_inbox').index('[workflow+run]');
  const [head, rows, numbers] = await Promise.all([
    readHead(transaction),
    Promise.all(runs.map(([, run]) => transaction.objectStore('holdfast_runs').get(run))),
    Promise.all(deleted.map(([, run]) => inbox.getAllKeys(run))),
  ]);
  return {
    head,
    seqs: new Map<string, number | undefined>(runs.map(([key], at) => [key, rows[at]?.seq])),
    inboxes: new Map(deleted.map(([key], at) => [key, numbers[at]])),
  };
}

function refusalOf(check: () => void): Refusal {
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
    for (const request of requestsOf(transaction, checkpoint, op, inbox, toStored)) ignoreRejection(request);
  }
  return seq;
}

function requestsOf(
  transaction: Transaction,
  { workflow, run }: RunAddress,
  op: Op,
  inbox: readonly number[],
  toStored: ToStored,
): Promise<unknown>[] {
  switch (op.op) {
    case 'run':
      return [transaction.objectStore('holdfast_runs').put(fromRow(op.row))];
    case 'put':
      return [transaction.objectStore('holdfast_values').put(op.value, [workflow, run, op.id])];
    case 'remove':
      return [transaction.objectStore('holdfast_values').delete([workflow, run, op.id])];
    case 'attach':
      return [transaction.objectStore('holdfast_attachments').put(toStored(op.blob), [workflow, run, op.id])];
    case 'detach':
      return [transaction.objectStore('holdfast_attachments').delete([workflow, run, op.id])];
    case 'history':
      return [transaction.objectStore('holdfast_history').put(op.row, [workflow, run, op.row.seq])];
    case 'taken':
      return [transaction.objectStore('holdfast_inbox').delete(op.n)];
    case 'forget':
      return [transaction.objectStore('holdfast_history').delete(historyUpTo({ workflow, run }, op.upTo))];
    case 'prune':
      return [
        ...removeRun(transaction, { workflow, run }, inbox),
        transaction.objectStore('holdfast_runs').put(fromRow(op.row)),
      ];
    case 'delete':
      return removeRun(transaction, { workflow, run }, inbox);
    case 'restart':
      return [...removeRun(transaction, { workflow, run }, inbox), ...putStart(transaction, op.start, toStored)];
  }
}

function removeRun(transaction: Transaction, run: RunAddress, inbox: readonly number[]): Promise<unknown>[] {
  return [
    transaction.objectStore('holdfast_runs').delete(address(run)),
    ...PARTS.map((store) => transaction.objectStore(store).delete(rangeOf(run))),
    ...inbox.map((n) => transaction.objectStore('holdfast_inbox').delete(n)),
  ];
}

function keyOf(run: RunAddress): string {
  return JSON.stringify(address(run));
}

function isDeletion({ ops = [] }: Partial<Pick<Checkpoint, 'ops'>>): boolean {
  return ops.some(({ op }) => op === 'delete' || op === 'restart' || op === 'prune');
}

function strictestOf(checkpoints: readonly Checkpoint[]): Durability {
  return checkpoints.some(({ durability }) => durability === 'strict') ? 'strict' : 'relaxed';
}
