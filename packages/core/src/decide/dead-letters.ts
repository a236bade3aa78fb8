import type { EventObject } from 'xstate';
import type { SchemaIssue } from '../define/schemas.js';
import type { HoldfastError } from '../errors/index.js';
import type { InboxRow } from '../records/records.js';
import type { Op } from '../store/store.js';
import type { RunRecord } from './run-record.js';

/** An event that was accepted by a host whose code took it, and that the owner's schema refuses. */
export interface DeadLetter {
  /** Id of the event. */
  readonly id: string;
  /** As it was sent. */
  readonly event: EventObject;
  /** Why it was refused: `EVENT_INVALID`, or `SCHEMA_ASYNC`. */
  readonly code: HoldfastError['code'];
  readonly message: string;
  readonly issues: readonly SchemaIssue[];
  /** Instants (ms). */
  readonly acceptedAt: number;
  readonly refusedAt: number;
  /** Number of the checkpoint that refused it. */
  readonly seq: number;
}

/** Dead letters kept per run: of older ones the history alone tells. */
const KEPT = 100;
const PREFIX = 'dead/';

/** Puts an event, which leaves the inbox with this, where it can be looked at. */
export function keepDeadLetter(
  record: RunRecord,
  {
    row,
    event,
    error,
    seq,
    now,
  }: { row: InboxRow; event: EventObject; error: HoldfastError; seq: number; now: number },
  ops: Op[],
): void {
  const { code, message, details } = error;
  const issues = (details.issues ?? []) as readonly SchemaIssue[];
  const letter: DeadLetter = {
    id: row.id,
    event,
    code,
    message,
    issues,
    acceptedAt: row.acceptedAt,
    refusedAt: now,
    seq,
  };
  record.put(`${PREFIX}${seq}`, letter, 'dead letter', ops);
  for (const id of idsOf(record).slice(0, -KEPT)) record.remove(id, ops);
}

/** Oldest first. */
export function deadLetters(record: RunRecord): DeadLetter[] {
  return idsOf(record).map((id) => record.read(id) as DeadLetter);
}

function idsOf(record: RunRecord): string[] {
  const seq = (id: string) => Number(id.slice(PREFIX.length));
  return record.idsFrom(PREFIX).sort((a, b) => seq(a) - seq(b));
}
