import { type InboxRow, type Op, type RunAddress, runKey, Tables } from '@holdfast/core/store';
import type { AttachmentRef, ChangeEntry, HeaderEntry, LoggedOp, RunEntry } from './entry.js';
import type { Segment } from './scan.js';

/**
 * What the lines of a log add up to.
 *
 * Owns: the records of every run, references to their attachments, the last `n`. Never: I/O, attachment bytes.
 * 1. It holds what is in the log, and nothing that may yet fail.
 * 2. `apply` of a line that was written can't fail.
 */
export class LogState {
  readonly tables = new Tables();
  readonly #attachments = new Map<string, Map<string, AttachmentRef>>();
  /** Mail that is in, and whose file may still be there: by id, the `n` it was given (0: a start). */
  readonly mail = new Map<string, number>();
  #lastN = 0;

  /** The state after the lines of a segment; with `syncedOnly`, after those known to be synced. */
  static of(segment: Segment, { syncedOnly = false } = {}): LogState {
    const state = new LogState();
    for (const { entry, batch } of segment.lines) {
      if (syncedOnly && batch > segment.synced) break;
      if (entry.kind === 'header') state.#begin(entry);
      else if (entry.kind === 'run') state.#restore(entry);
      else state.apply(entry);
    }
    return state;
  }

  /** The last `n` given to an inbox row. */
  get lastN(): number {
    return this.#lastN;
  }

  /** Attachments of a run. */
  attachments(address: RunAddress): readonly AttachmentRef[] {
    return [...(this.#attachments.get(runKey(address))?.values() ?? [])];
  }

  /** Names of all attachment files that are referred to. */
  files(): Set<string> {
    const refs = [...this.#attachments.values()].flatMap((byId) => [...byId.values()]);
    return new Set(refs.map(({ file }) => file));
  }

  /** Takes a change in; returns the attachment files that nothing refers to any more. */
  apply(entry: ChangeEntry): string[] {
    switch (entry.kind) {
      case 'commit':
        this.tables.apply(entry, entry.ops.flatMap(tableOp));
        return entry.ops.flatMap((op) => this.#attach(entry, op));
      case 'start':
        if (entry.mail !== undefined) this.mail.set(entry.mail, 0);
        this.tables.start(entry.row, entry.input);
        return this.#refer(entry.row, entry.attachments);
      case 'inbox':
        this.#lastN = entry.row.n;
        if (entry.mail !== undefined) this.mail.set(entry.mail, entry.row.n);
        this.tables.enqueue(entry.row);
        return this.#refer(entry.row, entry.attachments);
      case 'end':
        return [];
    }
  }

  /** The state as entries, from which a segment can start. */
  dump(): { header: Omit<HeaderEntry, 'epoch' | 'format'>; runs: Iterable<RunEntry> } {
    const rows = [...this.tables.dump()];
    const attachmentsOf = (address: RunAddress) => this.attachments(address);
    function* runs(): Iterable<RunEntry> {
      for (const { row, values, history, inbox } of rows) {
        yield { kind: 'run', row, values: [...values], attachments: attachmentsOf(row), history, inbox };
      }
    }
    const mail = this.mail.size > 0 ? { mail: [...this.mail] } : {};
    return { header: { kind: 'header', lastN: this.#lastN, ...mail, runs: rows.length }, runs: runs() };
  }

  #begin({ lastN, mail = [] }: HeaderEntry): void {
    this.#lastN = lastN;
    for (const [id, n] of mail) this.mail.set(id, n);
  }

  #restore({ row, values, attachments, history, inbox }: RunEntry): void {
    this.tables.start(row, { text: '' });
    const puts = values.map(([id, value]): Op => ({ op: 'put', id, value }));
    const rows = history.map((line): Op => ({ op: 'history', row: line }));
    this.tables.apply(row, [{ op: 'remove', id: 'input' }, ...puts, ...rows]);
    for (const waiting of inbox) this.tables.enqueue(waiting as InboxRow);
    this.#refer(row, attachments);
  }

  #attach(address: RunAddress, op: LoggedOp): string[] {
    if (op.op === 'attach') return this.#refer(address, [op.ref]);
    if (op.op !== 'delete' && op.op !== 'prune' && op.op !== 'restart') return [];
    const gone = this.attachments(address).map(({ file }) => file);
    this.#attachments.delete(runKey(address));
    if (op.op === 'restart') this.#refer(address, op.start.attachments);
    return gone;
  }

  #refer(address: RunAddress, refs: readonly AttachmentRef[]): string[] {
    const key = runKey(address);
    const byId = this.#attachments.get(key) ?? new Map<string, AttachmentRef>();
    const replaced = refs.flatMap(({ id }) => byId.get(id)?.file ?? []);
    for (const ref of refs) byId.set(ref.id, ref);
    if (byId.size > 0) this.#attachments.set(key, byId);
    return replaced;
  }
}

function tableOp(op: LoggedOp): Op[] {
  if (op.op === 'attach') return [];
  if (op.op !== 'restart') return [op];
  const { row, input } = op.start;
  return [{ op: 'restart', start: { kind: 'start', row, input } }];
}
