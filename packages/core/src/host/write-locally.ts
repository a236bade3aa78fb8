import type { LeafAddress } from '../decide/arrivals.js';
import type { JournalEntry, StepRecord } from '../steps/journal.js';
import { noTransaction } from '../steps/refusals.js';
import type { LocalWrite } from '../steps/transactions.js';
import type { Checkpoint, Claim, Store } from '../store/store.js';
import { isFaultOfTransaction } from '../store/transaction-errors.js';

/** A step function asks for a journal entry that is stored with rows of the app's. */
export interface Transaction {
  readonly kind: 'transaction';
  readonly leaf: LeafAddress;
  readonly write: LocalWrite;
  /** Told once both are durable. */
  stored(entry: JournalEntry): void;
  /** Told when nothing is stored, and it is not the store's fault. */
  failed(error: unknown): void;
}

/** What became of a write: `undefined` when it is stored. */
export type Refused = { readonly error: unknown } | undefined;

/**
 * Stores rows of the app's, and the checkpoint that `decide` makes of their journal entry, in one transaction.
 *
 * @returns the step's own fault, for which nothing was stored, and nothing decided.
 * @throws trouble of the store, which is the run's; what was decided by then is not stored, or it is not known.
 */
export async function writeLocally(
  store: Store,
  claim: Omit<Claim, 'tables'>,
  write: LocalWrite,
  decide: (record: StepRecord) => Checkpoint,
): Promise<Refused> {
  const { step, tables } = write;
  if (!store.transact) return { error: noTransaction(step, `the store "${store.name}" has no tables of the app's`) };
  let thrown: Refused;
  const note = (error: unknown): never => {
    thrown = { error };
    throw error;
  };
  const conclude = (output: unknown) => decide(recordOf(write, output, note));
  try {
    await store.transact({ ...claim, tables }, (open) => write.perform(open).then(undefined, note), conclude);
    return undefined;
  } catch (error) {
    if (error === thrown?.error || isFaultOfTransaction(error)) return { error };
    throw error;
  }
}

function recordOf(write: LocalWrite, output: unknown, note: (error: unknown) => never): StepRecord {
  try {
    return write.record(output);
  } catch (error) {
    return note(error);
  }
}
