import { HoldfastError } from '@holdfast/core';
import { type Checkpoint, type Durability, FORMAT_VERSION, type Op, type RunAddress } from '@holdfast/core/store';
import { newerFormat } from './failure.js';
import { type Database, type Head, STORES, type Transaction } from './schema.js';

/** The stores whose keys begin with a run's address. */
const PARTS = ['values', 'attachments', 'history'] as const;

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
  incarnationOf: (epoch: number) => string | undefined,
): Promise<Refusal[]> {
  return transact(db, durabilityOf(checkpoints), async (transaction) => {
    const { head, seqs, inboxes } = await readBefore(transaction, checkpoints);
    return checkpoints.map((checkpoint) => {
      const key = keyOf(checkpoint);
      const refusal =
        refuseEpoch(checkpoint, head, incarnationOf(checkpoint.epoch)) ?? refuseSeq(checkpoint, seqs.get(key));
      if (!refusal) seqs.set(key, write(transaction, checkpoint, inboxes.get(key) ?? []));
      return refusal;
    });
  });
}

/** All that the writes depend on, so that they need no `await` between them. */
async function readBefore(transaction: Transaction, checkpoints: readonly Checkpoint[]) {
  const runs = [...new Map(checkpoints.map((one) => [keyOf(one), address(one)]))];
  const deleted = runs.filter(([key]) => checkpoints.some((one) => keyOf(one) === key && isDeletion(one)));
  const inbox = transaction.objectStore('inbox').index('run');
  const [head, rows, numbers] = await Promise.all([
    readHead(transaction),
    Promise.all(runs.map(([, run]) => transaction.objectStore('runs').get(run))),
    Promise.all(deleted.map(([, run]) => inbox.getAllKeys(run))),
  ]);
  return {
    head,
    seqs: new Map<string, number | undefined>(runs.map(([key], at) => [key, rows[at]?.seq])),
    inboxes: new Map(deleted.map(([key], at) => [key, numbers[at]])),
  };
}

/** A transaction over all stores which is complete, or has changed nothing, when this settles. */
export async function transact<T>(
  db: Database,
  durability: Durability,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const transaction = db.transaction(STORES, 'readwrite', { durability });
  try {
    const result = await work(transaction);
    transaction.commit();
    await transaction.done;
    return result;
  } catch (error) {
    throw await abortReason(transaction, error);
  }
}

/** The transaction's own reason says more (`QuotaExceededError`) than that of a request it took along. */
async function abortReason(transaction: Transaction, error: unknown): Promise<unknown> {
  try {
    transaction.abort();
  } catch {
    // It had ended by itself.
  }
  const reason = await transaction.done.then(
    () => error,
    (aborted: unknown) => aborted,
  );
  return (reason as { name?: unknown }).name === 'AbortError' ? error : reason;
}

/** @throws `STORE_FORMAT` when a newer Holdfast has taken the store over since it was opened. */
export async function readHead(transaction: Transaction): Promise<Head | undefined> {
  const head = await transaction.objectStore('meta').get('head');
  if (head && head.format > FORMAT_VERSION) throw newerFormat(transaction.db.name);
  return head;
}

function refuseEpoch({ epoch }: Checkpoint, head: Head | undefined, incarnation: string | undefined): Refusal {
  const present = head?.epoch ?? 0;
  if (epoch === present && (incarnation === undefined || incarnation === head?.incarnation)) return undefined;
  return fenced(epoch, present);
}

/** The reason of an owner's end. */
export function fenced(epoch: number, present: number | undefined): HoldfastError {
  return new HoldfastError('STORE_FENCED', {
    message: `Epoch ${epoch} was fenced${present === undefined ? '' : ` by epoch ${present}`}: another host owns the store now.`,
    details: { epoch, ...(present === undefined ? {} : { present }) },
  });
}

function refuseSeq({ workflow, run, after }: Checkpoint, stored: number | undefined): Refusal {
  if (stored === after) return undefined;
  return new HoldfastError('STORE_SEQ', {
    message: `A checkpoint after seq ${after} of run "${run}" of workflow "${workflow}" met stored seq ${stored ?? 'none'}.`,
    details: { workflow, run, after, stored: stored ?? null },
  });
}

/** Puts what the ops say; returns the run's seq after them. */
function write(transaction: Transaction, checkpoint: Checkpoint, inbox: readonly number[]): number | undefined {
  let seq: number | undefined = checkpoint.after;
  for (const op of checkpoint.ops) {
    if (op.op === 'run') seq = op.row.seq;
    if (op.op === 'delete') seq = undefined;
    for (const request of requestsOf(transaction, checkpoint, op, inbox)) ignoreRejection(request);
  }
  return seq;
}

/** A failed request aborts its transaction, and that one's `done` says why. */
export function ignoreRejection(request: Promise<unknown>): void {
  request.catch(() => undefined);
}

function requestsOf(
  transaction: Transaction,
  { workflow, run }: RunAddress,
  op: Op,
  inbox: readonly number[],
): Promise<unknown>[] {
  switch (op.op) {
    case 'run':
      return [transaction.objectStore('runs').put(op.row)];
    case 'put':
      return [transaction.objectStore('values').put(op.value, [workflow, run, op.id])];
    case 'remove':
      return [transaction.objectStore('values').delete([workflow, run, op.id])];
    case 'attach':
      return [transaction.objectStore('attachments').put(op.blob, [workflow, run, op.id])];
    case 'history':
      return [transaction.objectStore('history').put(op.row, [workflow, run, op.row.seq])];
    case 'taken':
      return [transaction.objectStore('inbox').delete(op.n)];
    case 'delete':
      return [
        transaction.objectStore('runs').delete([workflow, run]),
        ...PARTS.map((store) => transaction.objectStore(store).delete(rangeOf({ workflow, run }))),
        ...inbox.map((n) => transaction.objectStore('inbox').delete(n)),
      ];
  }
}

/** Every record of one run, in the stores whose keys begin with it: an array sorts after every string and number. */
export function rangeOf(run: RunAddress): IDBKeyRange {
  return IDBKeyRange.bound(address(run), [...address(run), []]);
}

export function address({ workflow, run }: RunAddress): [workflow: string, run: string] {
  return [workflow, run];
}

function keyOf(run: RunAddress): string {
  return JSON.stringify(address(run));
}

function isDeletion({ ops }: Checkpoint): boolean {
  return ops.some(({ op }) => op === 'delete');
}

function durabilityOf(checkpoints: readonly Checkpoint[]): Durability {
  return checkpoints.some(({ durability }) => durability === 'strict') ? 'strict' : 'relaxed';
}
