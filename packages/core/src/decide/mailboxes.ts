import type { EventObject } from 'xstate';
import type { JournalOwner } from '../steps/journal.js';
import { byPlace, type Mail, mailboxPrefix, mailId } from '../steps/mail.js';
import type { Op } from '../store/store.js';
import type { RunRecord } from './run-record.js';

/** Mail as the checkpoint that delivers it sees it. */
export interface Delivered {
  readonly leaf: JournalOwner;
  readonly mail: Mail;
}

/**
 * The stored mailboxes of a run's step functions: a row for each event that was sent to one and not taken by a wait yet.
 *
 * Owns: nothing; the rows are the record's. Never: whether a wait takes an event, which is told by the function's own code.
 * 1. A row is put in the checkpoint of what delivered its event, and removed in the one that gives it to a wait.
 */
export class Mailboxes {
  readonly #record: RunRecord;

  constructor(record: RunRecord) {
    this.#record = record;
  }

  /**
   * Keeps what one checkpoint delivers; gives it as it will be read back.
   * @throws `VALUE_NOT_STORABLE`: what actors send each other was not looked at before.
   */
  put(
    sent: readonly { readonly leaf: JournalOwner; readonly event: EventObject }[],
    { seq, at }: { seq: number; at: number },
    ops: Op[],
  ): Delivered[] {
    return sent.map(({ leaf, event }, rank) => {
      const place = `${seq}.${rank}`;
      const id = mailId(leaf, place);
      this.#record.put(id, { event, at }, `event ${event.type}`, ops);
      return { leaf, mail: this.#read(id, place) };
    });
  }

  /** What is in a mailbox, in order. */
  of(leaf: JournalOwner): Mail[] {
    const prefix = mailboxPrefix(leaf);
    const places = this.#record.idsFrom(prefix).map((id) => id.slice(prefix.length));
    return places.sort(byPlace).map((place) => this.#read(prefix + place, place));
  }

  /** A wait has taken it. */
  take(leaf: JournalOwner, place: string, ops: Op[]): void {
    this.#record.remove(mailId(leaf, place), ops);
  }

  drop(leaf: JournalOwner, ops: Op[]): void {
    for (const id of this.#record.idsFrom(mailboxPrefix(leaf))) this.#record.remove(id, ops);
  }

  /** Drops the mailboxes of all others. */
  keepOnly(leaves: readonly JournalOwner[], ops: Op[]): void {
    const kept = leaves.map(mailboxPrefix);
    for (const id of this.#record.idsFrom('mailbox/')) {
      if (!kept.some((prefix) => id.startsWith(prefix))) this.#record.remove(id, ops);
    }
  }

  #read(id: string, place: string): Mail {
    const { event, at } = this.#record.read(id) as Omit<Mail, 'place'>;
    return { place, event, at };
  }
}
