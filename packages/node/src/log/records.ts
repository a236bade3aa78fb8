import type { HistoryRow, InboxRow, RunAddress, RunRow, StoredValue } from '@holdfast/core/store';
import type { AttachmentRef, ChangeEntry, CopyEntry, Entry, LoggedOp } from './entry.js';

/** A record that a line holds. */
export type HeldRecord =
  | { readonly is: 'head'; readonly row: RunRow }
  | { readonly is: 'value'; readonly id: string; readonly value: StoredValue }
  | { readonly is: 'attachment'; readonly ref: AttachmentRef }
  | { readonly is: 'history'; readonly row: HistoryRow }
  | { readonly is: 'inbox'; readonly row: InboxRow };

/** That records of the lines before are no longer there. */
export type Removal =
  | { readonly is: 'cleared' }
  | { readonly is: 'removed'; readonly id: string }
  | { readonly is: 'detached'; readonly id: string }
  | { readonly is: 'taken'; readonly n: number }
  | { readonly is: 'forgotten'; readonly upTo: number };

export type Step = HeldRecord | Removal;

/** What is noted of a step: of a head all of it, of other records what tells them apart. */
export type NotedStep =
  | { readonly is: 'head'; readonly row: RunRow }
  | { readonly is: 'value'; readonly id: string; readonly isEmpty: boolean }
  | Extract<HeldRecord, { is: 'value' }>
  | { readonly is: 'attachment'; readonly ref: Pick<AttachmentRef, 'id' | 'file'> }
  | { readonly is: 'history'; readonly row: Pick<HistoryRow, 'seq'> }
  | { readonly is: 'inbox'; readonly row: Pick<InboxRow, 'n' | 'id' | 'lane'> }
  | Exclude<Removal, { is: 'cleared' }>;

/** The run that an entry is about. */
export function addressOf(entry: ChangeEntry | CopyEntry): RunAddress {
  return entry.kind === 'start' || entry.kind === 'inbox' ? entry.row : entry;
}

/** Whether an entry is about a run. */
export function isOfRun(entry: Entry): entry is ChangeEntry | CopyEntry {
  return entry.kind === 'commit' || entry.kind === 'start' || entry.kind === 'inbox' || entry.kind === 'copy';
}

export function isHeld(step: Step): step is HeldRecord {
  return weightOf(step) > 0;
}

/** Whether all of a value is its id. */
export function isEmpty(step: Extract<NotedStep, { is: 'value' }>): boolean {
  return 'value' in step ? step.value.text === '' && !step.value.attachments : step.isEmpty;
}

/** Mail that asked for it: its id, and the `n` it was given (0: a start). */
export function mailOf(entry: ChangeEntry | CopyEntry): readonly [string, number] | undefined {
  if ((entry.kind !== 'start' && entry.kind !== 'inbox') || entry.mail === undefined) return undefined;
  return [entry.mail, entry.kind === 'inbox' ? entry.row.n : 0];
}

/** What an entry says, one thing after the other: the one place that knows what the kinds of entries mean. */
export function stepsOf(entry: ChangeEntry | CopyEntry): Step[] {
  switch (entry.kind) {
    case 'commit': {
      const steps: Step[] = [];
      for (const op of entry.ops) steps.push(...stepsOfOp(op));
      return steps;
    }
    case 'start':
      return beginning(entry);
    case 'inbox':
      return [{ is: 'inbox', row: entry.row }, ...entry.attachments.map(attachment)];
    case 'copy':
      return [
        ...(entry.row ? [{ is: 'head', row: entry.row } as const] : []),
        ...entry.values.map(([id, value]): Step => ({ is: 'value', id, value })),
        ...entry.attachments.map(attachment),
        ...entry.history.map((row): Step => ({ is: 'history', row })),
        ...entry.inbox.map((row): Step => ({ is: 'inbox', row })),
      ];
  }
}

function stepsOfOp(op: LoggedOp): Step[] {
  switch (op.op) {
    case 'run':
      return [{ is: 'head', row: op.row }];
    case 'put':
      return [{ is: 'value', id: op.id, value: op.value }];
    case 'remove':
      return [{ is: 'removed', id: op.id }];
    case 'attach':
      return [attachment(op.ref)];
    case 'detach':
      return [{ is: 'detached', id: op.id }];
    case 'history':
      return [{ is: 'history', row: op.row }];
    case 'taken':
      return [{ is: 'taken', n: op.n }];
    case 'forget':
      return [{ is: 'forgotten', upTo: op.upTo }];
    case 'delete':
      return [{ is: 'cleared' }];
    case 'prune':
      return [{ is: 'cleared' }, { is: 'head', row: op.row }];
    case 'restart':
      return beginning(op.start);
  }
}

function beginning({ row, input, attachments }: Omit<Extract<ChangeEntry, { kind: 'start' }>, 'kind'>): Step[] {
  const held = [{ is: 'head', row } as const, { is: 'value', id: 'input', value: input } as const];
  return [{ is: 'cleared' }, ...held, ...attachments.map(attachment)];
}

function attachment(ref: AttachmentRef): Step {
  return { is: 'attachment', ref };
}

/** About the bytes of a head, a history row, a reference, and of what surrounds a text. */
const SMALL_BYTES = 200;

/** About how many bytes of its line a step takes: 0 for what is not kept. */
function weightOf(step: Step): number {
  switch (step.is) {
    case 'value':
      return step.id.length + step.value.text.length;
    case 'inbox':
      return SMALL_BYTES + step.row.body.text.length;
    case 'head':
    case 'history':
    case 'attachment':
      return SMALL_BYTES;
    default:
      return 0;
  }
}

/** Shares out the bytes of a line among its steps. */
export function sharesOf(steps: readonly Step[], length: number): (step: Step) => number {
  const weight = steps.reduce((sum, step) => sum + weightOf(step), 0);
  return (step) => Math.floor((length * weightOf(step)) / weight) || 0;
}
