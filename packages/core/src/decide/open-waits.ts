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
  /** Record ids by the journal they are of. */
  readonly #ids = new Map<string, Set<string>>();

  /** Takes notice of an entry as stored. */
  learn(id: string, entry: JournalEntry): void {
    if (isFinal(entry) || entry.until === undefined) {
      this.forget(id);
      return;
    }
    const group = groupOf(id);
    this.#ids.set(group, (this.#ids.get(group) ?? new Set()).add(id));
    this.#deadlines.set(id, entry.until);
  }

  forget(id: string): void {
    const group = groupOf(id);
    const its = this.#ids.get(group);
    its?.delete(id);
    if (its?.size === 0) this.#ids.delete(group);
    this.#deadlines.delete(id);
  }

  /** Whether that function waits for anything at all. */
  has(owner: JournalOwner): boolean {
    return this.#ids.has(journalPrefix(owner));
  }

  /** The earliest deadline, an instant (ms); Infinity when there is none. */
  get deadline(): number {
    return this.#deadlines.first?.at ?? Infinity;
  }
}
