import { type Acceptance, type Checkpoint, frozenCopy, type Op } from '@holdfast/core/store';

/**
 * Copies of what a caller gave, because it is cloned into the database only when its transaction comes, and the
 * caller may have changed it by then. What is attached is never changed, so it stays the same.
 */
export function ownCheckpoint(checkpoint: Checkpoint): Checkpoint {
  return { ...checkpoint, ops: checkpoint.ops.map(ownOp) };
}

export function ownAcceptance<A extends Acceptance>(acceptance: A): A {
  const { attachments = [], ...rest } = acceptance;
  return { ...frozenCopy(rest), attachments: attachments.map((one) => ({ ...one })) } as unknown as A;
}

function ownOp(op: Op): Op {
  if (op.op === 'attach') return { ...op };
  if (op.op === 'restart') return { ...op, start: ownAcceptance(op.start) };
  return frozenCopy(op);
}
