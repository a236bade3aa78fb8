import { assertLength, encode } from '../codec/index.js';
import type { HoldfastError } from '../errors/index.js';
import type { Clock } from '../host/ports.js';
import { isFinal, type JournalEntry, type StepRecord } from './journal.js';
import { isName } from './name.js';
import { never } from './never.js';
import { misused, otherKind } from './refusals.js';

/** Rows of the app's, and the journal entry that is stored with them. */
export interface LocalWrite {
  readonly step: string;
  readonly tables: readonly string[];
  /** Writes the rows: what it calls in the app is called before it gives way. */
  perform(transaction: unknown): PromiseLike<unknown>;
  /**
   * The entry of a write whose function has given that.
   * @throws `VALUE_NOT_STORABLE`, `VALUE_TOO_LARGE`: nothing is to be stored then, no row either.
   */
  record(output: unknown): StepRecord;
}

/** What `step.transaction` needs of the execution that it is part of. */
export interface TransactionPorts {
  readonly clock: Clock;
  /** How long the text of its entry may be. */
  readonly valueLength: number;
  /** Whether nothing that is asked for now is done any more. */
  over(): boolean;
  ask(name: string): JournalEntry | undefined;
  handBack<T>(entry: JournalEntry): Promise<T>;
  conclude<T>(entry: JournalEntry): T;
  unfit(error: HoldfastError): Promise<never>;
  /** Resolves when all that is stored was asked for. */
  caughtUp(name: string): Promise<void>;
  /** Performs a try once it may begin. */
  whenItMayBegin(work: () => Promise<JournalEntry | undefined>): Promise<JournalEntry | undefined>;
  /** Whether a try that may begin is not to be made: its function is being undone. */
  isUndone(): boolean;
  /** Asked when a try has failed: whether that is to count; `false` where it is to be made again. */
  holds(): boolean | Promise<boolean>;
  standIn(name: string): Body | undefined;
  call(name: string, body: () => unknown): unknown;
  /** Stores entry and rows, together; rejects, and has stored nothing, with what the function's fault is. */
  transact(name: string, write: (marked: (entry: JournalEntry) => JournalEntry) => LocalWrite): Promise<JournalEntry>;
  recordEnd(name: string, entry: JournalEntry): Promise<JournalEntry>;
}

type Body = (transaction: unknown) => unknown;

/**
 * A step whose effect is in the app's own database: its rows and its journal entry are one commit. It is tried once: what
 * its function throws took all of it back, and is its end.
 */
export async function transaction<T>(
  ports: TransactionPorts,
  name: string,
  tables: readonly string[],
  given: Body,
): Promise<T> {
  if (ports.over()) return never();
  const entry = ports.ask(name);
  if (entry && entry.kind !== 'step') return ports.unfit(otherKind(name, 'step', entry.kind));
  const body = ports.standIn(name) ?? given;
  check(name, tables, body);
  if (entry && isFinal(entry)) return ports.handBack<T>(entry);
  await ports.caughtUp(name);
  const attempt = async (): Promise<JournalEntry | undefined> => {
    const startedAt = ports.clock.now();
    const base = () => ({ kind: 'step', attempts: 1, startedAt, endedAt: ports.clock.now() }) as const;
    try {
      return await ports.transact(name, (marked) => ({
        step: name,
        tables: [...new Set(tables)],
        perform: async (open) => {
          // It may have come to that while other arrivals of its run were decided.
          if (ports.isUndone()) throw misused(`step.transaction "${name}" does not begin any more.`);
          return ports.call(name, () => body(open));
        },
        record: (output) => {
          const completed = marked({ ...base(), status: 'completed', output });
          assertStorable(completed, name, ports.valueLength);
          return { step: name, entry: completed };
        },
      }));
    } catch (error) {
      const counts = await ports.holds();
      if (ports.isUndone() || ports.over()) return undefined;
      return counts ? ports.recordEnd(name, { ...base(), status: 'failed', error }) : attempt();
    }
  };
  const ended = await ports.whenItMayBegin(attempt);
  return ended && !ports.over() ? ports.conclude<T>(ended) : never();
}

/** One that can't be stored would be stored as failed, with rows that say otherwise. */
function assertStorable(entry: JournalEntry, name: string, valueLength: number): void {
  const what = `step "${name}"`;
  assertLength(encode(entry, what).text, valueLength, () => entry, what);
}

function check(name: string, tables: unknown, body: unknown): void {
  if (typeof body !== 'function') throw misused(`step.transaction "${name}" has no function as its last argument.`);
  if (Array.isArray(tables) && tables.length > 0 && tables.every(isName)) return;
  throw misused(`step.transaction "${name}" needs the names of the tables that it writes to, in an array.`);
}
