import {
  type Acceptance,
  type Accepted,
  assertFollows,
  type Checkpoint,
  frozenCopy,
  type Op,
  type RunRow,
  unknownRun,
  waitingInFull,
} from '@holdfast/core/store';
import type { Attachment } from './attachment-files.js';
import type { AttachmentRef, LoggedOp } from './log/entry.js';
import type { Change } from './log/owned-log.js';
import type { LogState } from './log/state.js';

/** Calls of the store port as changes of the log. Each copies what it is given before it returns. */

export function commitChange({ ops, ...rest }: Checkpoint): Change<void> {
  const { workflow, run, after, durability } = rest;
  const kept = ops.map((op): Op => (op.op === 'attach' ? { ...op } : frozenCopy(op)));
  return {
    attachments: kept.flatMap((op): Attachment[] => (op.op === 'attach' ? [op] : [])),
    durable: durability === 'strict',
    plan(stage, refs) {
      assertFollows({ workflow, run, after }, stage.seqOf({ workflow, run }));
      return { kind: 'commit', workflow, run, ops: referring(kept, refs) };
    },
    result: () => undefined,
  };
}

export function startChange(start: Extract<Acceptance, { kind: 'start' }>, state: LogState): Change<Accepted> {
  const { row, input } = frozenCopy({ row: start.row, input: start.input });
  let singleton: RunRow | undefined;
  return {
    attachments: [...(start.attachments ?? [])],
    durable: true,
    plan(stage, attachments) {
      const isNew = stage.seqOf(row) === undefined;
      singleton = isNew ? stage.singletonOf(row) : undefined;
      return isNew && !singleton ? { kind: 'start', row, input, attachments } : undefined;
    },
    result(entry) {
      if (singleton) return { outcome: 'singleton', row: singleton };
      const existing = entry ? undefined : state.tables.load(row);
      if (!existing) return { outcome: 'started' };
      return { outcome: 'exists', row: existing.row, input: existing.values.get('input') ?? { text: '' } };
    },
  };
}

export function inboxChange(mail: Extract<Acceptance, { kind: 'inbox' }>): Change<Accepted> {
  const { attachments = [], limit = Infinity } = mail;
  const kept = frozenCopy(mail.row);
  let waiting: number | undefined;
  return {
    attachments: [...attachments],
    durable: true,
    plan(stage, refs) {
      if (stage.seqOf(kept) === undefined) throw unknownRun(kept.workflow, kept.run);
      const full = stage.mostIn(kept) >= limit;
      waiting = full ? waitingInFull(stage.inbox(kept), { row: kept, limit }) : undefined;
      if (waiting !== undefined) return undefined;
      return { kind: 'inbox', row: { ...kept, n: stage.nextN }, attachments: refs };
    },
    result: (entry) => ({ outcome: 'queued', n: entry?.kind === 'inbox' ? entry.row.n : (waiting ?? 0) }),
  };
}

function referring(ops: readonly Op[], refs: readonly AttachmentRef[]): LoggedOp[] {
  const next = refs.values();
  return ops.map((op) => (op.op === 'attach' ? { op: 'attach', ref: next.next().value as AttachmentRef } : op));
}
