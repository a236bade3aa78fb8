import type { RunAddress } from '../records/records.js';
import { isFinal, type JournalEntry, type JournalOwner, journalPrefix } from '../steps/journal.js';
import { Instants } from './instants.js';
import { groupOf } from './run-record.js';

/**
 * What the step functions of a run wait for: the journal entries that have not ended, by record id.
 *
 * Owns: a copy in memory of what the record says of them, kept so that no question costs more with more of them.
 */
export class OpenWaits {
  readonly #deadlines = new Instants();
  /** By the journal they are of, and by record id: the types of the events that are waited for. */
  readonly #waits = new Map<string, Map<string, readonly string[]>>();
  /** Children under way, by record id. */
  readonly #children = new Map<string, RunAddress>();

  /** Takes notice of an entry as stored. */
  learn(id: string, entry: JournalEntry): void {
    const { until, types = [] } = entry;
    if (isFinal(entry) || (until === undefined && entry.status !== 'waiting')) {
      this.forget(id);
      return;
    }
    if (entry.child) this.#children.set(id, entry.child);
    const group = groupOf(id);
    this.#waits.set(group, (this.#waits.get(group) ?? new Map()).set(id, types));
    if (until === undefined) this.#deadlines.delete(id);
    else this.#deadlines.set(id, until);
  }

  forget(id: string): void {
    if (this.#waits.size === 0) return;
    this.#children.delete(id);
    const group = groupOf(id);
    const its = this.#waits.get(group);
    its?.delete(id);
    if (its?.size === 0) this.#waits.delete(group);
    this.#deadlines.delete(id);
  }

  /** Whether that function waits for anything at all. */
  has(owner: JournalOwner): boolean {
    return this.#waits.size > 0 && this.#waits.has(journalPrefix(owner));
  }

  /** The earliest deadline, an instant (ms); Infinity when there is none. */
  get deadline(): number {
    return this.#deadlines.first?.at ?? Infinity;
  }

  /** Runs that they have started and wait for. */
  get children(): number {
    return this.#children.size;
  }

  /** Those that a function waits for, by record id. */
  childrenOf(owner: JournalOwner): [id: string, RunAddress][] {
    const prefix = journalPrefix(owner);
    return [...this.#children].filter(([id]) => id.startsWith(prefix));
  }

  /** Types of the events that a function waits for. */
  types(owner: JournalOwner): string[] {
    const waits = this.#waits.size > 0 ? this.#waits.get(journalPrefix(owner)) : undefined;
    return waits ? [...new Set([...waits.values()].flat())] : [];
  }
}
