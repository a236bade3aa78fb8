import { isFinal, type JournalEntry, type JournalOwner, journalPrefix } from '../steps/journal.js';

/**
 * What the step functions of a run wait for: the journal entries that have not ended, by record id.
 *
 * Owns: a copy in memory of what the record says of them.
 */
export class OpenWaits {
  readonly #entries = new Map<string, JournalEntry>();

  /** Takes notice of an entry as stored. */
  learn(id: string, entry: JournalEntry): void {
    const waits = !isFinal(entry) && (entry.until !== undefined || entry.status === 'waiting');
    if (waits) this.#entries.set(id, entry);
    else this.#entries.delete(id);
  }

  forget(id: string): void {
    this.#entries.delete(id);
  }

  /** Whether that function waits for anything at all. */
  has(leaf: JournalOwner): boolean {
    const prefix = journalPrefix(leaf);
    for (const id of this.#entries.keys()) if (id.startsWith(prefix)) return true;
    return false;
  }

  /** The earliest deadline, an instant (ms); Infinity when there is none. */
  get deadline(): number {
    let first = Infinity;
    for (const { until = Infinity } of this.#entries.values()) first = Math.min(first, until);
    return first;
  }

  /** Types of the events that a function waits for. */
  types(leaf: JournalOwner): string[] {
    const prefix = journalPrefix(leaf);
    const found = new Set<string>();
    for (const [id, { types }] of this.#entries) {
      if (types && id.startsWith(prefix)) for (const type of types) found.add(type);
    }
    return [...found];
  }
}
