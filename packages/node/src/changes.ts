import {
  type Acceptance,
  type Accepted,
  assertFollows,
  type Checkpoint,
  frozenCopy,
  type Op,
  type RunAddress,
  type RunRow,
  type StoredValue,
  unknownRun,
  waitingInFull,
} from '@holdfast/core/store';
import type { Attachment } from './attachment-files.js';
import type { AttachmentRef, LoggedOp } from './log/entry.js';
import type { Change } from './log/owned-log.js';

/** Calls of the store port as changes of the log. Each copies what it is given before it returns. */

export function commitChange({ ops, ...rest }: Checkpoint): Change<void> {
  const { workflow, run, durability } = rest;
  const attachments: Attachment[] = [];
  for (const op of ops) attachments.push(...attachmentsOf(op));
  const kept = ops.map((op): WithoutBlobs => frozenCopy(withoutBlobs(op)));
  return {
    attachments,
    durable: durability === 'strict',
    plan(stage, refs) {
      assertFollows(rest, stage.seqOf(rest));
      return { kind: 'commit', workflow, run, ops: referring(kept, refs) };
    },
    result: () => undefined,
  };
}

/** @param inputOf reads the input of a run that is there already. */
export function startChange(
  start: Extract<Acceptance, { kind: 'start' }>,
  inputOf: (address: RunAddress) => Promise<StoredValue | undefined>,
): Change<Accepted> {
  const { row, input } = frozenCopy({ row: start.row, input: start.input });
  let existing: RunRow | undefined;
  let singleton: RunRow | undefined;
  return {
    attachments: [...(start.attachments ?? [])],
    durable: true,
    plan(stage, attachments) {
      existing = stage.head(row);
      singleton = existing ? undefined : stage.singletonOf(row);
      return existing || singleton ? undefined : { kind: 'start', row, input, attachments };
    },
    async result() {
      if (singleton) return { outcome: 'singleton', row: singleton };
      if (!existing) return { outcome: 'started' };
      return { outcome: 'exists', row: existing, input: (await inputOf(row)) ?? { text: '' } };
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
      if (!stage.takes(kept)) throw unknownRun(kept.workflow, kept.run);
      const full = stage.mostIn(kept) >= limit;
      waiting = full ? waitingInFull(stage.inbox(kept), { row: kept, limit }) : undefined;
      if (waiting !== undefined) return undefined;
      return { kind: 'inbox', row: { ...kept, n: stage.nextN }, attachments: refs };
    },
    result: (entry) => ({ outcome: 'queued', n: entry?.kind === 'inbox' ? entry.row.n : (waiting ?? 0) }),
  };
}

/** An op whose attachments are yet to be referred to. */
type WithoutBlobs =
  | Exclude<Op, { op: 'attach' | 'restart' }>
  | { readonly op: 'attach' }
  | { readonly op: 'restart'; readonly row: RunRow; readonly input: StoredValue; readonly count: number };

const NONE: readonly Attachment[] = [];

function attachmentsOf(op: Op): readonly Attachment[] {
  if (op.op === 'attach') return [{ id: op.id, blob: op.blob }];
  return op.op === 'restart' ? (op.start.attachments ?? NONE) : NONE;
}

function withoutBlobs(op: Op): WithoutBlobs {
  if (op.op === 'attach') return { op: 'attach' };
  if (op.op !== 'restart') return op;
  const { row, input, attachments = [] } = op.start;
  return { op: 'restart', row, input, count: attachments.length };
}

/** Whether it is as a line holds it. */
function isLogged(op: WithoutBlobs): op is Extract<WithoutBlobs, LoggedOp> {
  return op.op !== 'attach' && op.op !== 'restart';
}

/** @param refs of all their attachments, in order. */
function referring(ops: readonly WithoutBlobs[], refs: readonly AttachmentRef[]): readonly LoggedOp[] {
  if (ops.every(isLogged)) return ops;
  const left = [...refs];
  return ops.map((op): LoggedOp => {
    if (op.op === 'attach') return { op: 'attach', ref: left.shift() as AttachmentRef };
    if (op.op !== 'restart') return op;
    return { op: 'restart', start: { row: op.row, input: op.input, attachments: left.splice(0, op.count) } };
  });
}
