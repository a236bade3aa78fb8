import type { EventObject } from 'xstate';
import type { JournalOwner } from './journal.js';

/** An event that a step function was sent, and that no wait of it has taken yet. */
export interface Mail {
  /** Its place in the mailbox: number of the checkpoint that delivered it, and its rank among what that one did. */
  readonly place: string;
  readonly event: EventObject;
  /** When it was accepted, an instant (ms); of what a timer sent, that timer's deadline. */
  readonly at: number;
}

/** Record ids of an actor's mailbox begin with this; as with journals, each incarnation has its own. */
export function mailboxPrefix({ path, incarnation }: JournalOwner): string {
  return `mailbox/${path}#${incarnation}/`;
}

export function mailId(owner: JournalOwner, place: string): string {
  return mailboxPrefix(owner) + place;
}

/** The order in which mail came. */
export function byPlace(a: string, b: string): number {
  const [[checkpoint = 0, rank = 0], [otherCheckpoint = 0, otherRank = 0]] = [numbers(a), numbers(b)];
  return checkpoint - otherCheckpoint || rank - otherRank;
}

function numbers(place: string): number[] {
  return place.split('.').map(Number);
}
