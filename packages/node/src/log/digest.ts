import { type RunRow, runKey, singletonId } from '@holdfast/core/store';
import type { ChangeEntry, CopyEntry, Entry, Globals } from './entry.js';
import { addressOf, isEmpty, isOfRun, mailOf, type Step, sharesOf, stepsOf } from './records.js';
import { type DigestRecord, encodeRecords, type IndexedRun } from './segment-index.js';

/** What a record of an index says, and the line that it is about; none where it says that something is gone. */
interface Net {
  readonly record: DigestRecord;
  readonly line?: { readonly offset: number; readonly length: number; readonly bytes: number };
}

interface NetRun {
  readonly key: string;
  cleared: boolean;
  row: RunRow | undefined;
  /** By what a later record of the same would replace. */
  readonly records: Map<string, Net>;
  forgotten: number;
}

/**
 * What the lines of one segment come to: which records stand where, without those that later lines of it replace or remove,
 * and what it removes of the segments before.
 *
 * Owns: that sum, while lines are taken in. Never: I/O.
 * 1. A state that has taken in all segments before is the same whether it takes the lines or their digest.
 */
export class Digest {
  readonly #runs = new Map<string, NetRun>();
  readonly #mail = new Map<string, number>();
  /** The last `n` of the segments before: what is greater, only lines of this one speak of. */
  #before = 0;
  #lastN = 0;
  #id = '';

  /** That of the segment's header. */
  get id(): string {
    return this.#id;
  }

  get globals(): Globals {
    return { lastN: this.#lastN, ...(this.#mail.size > 0 ? { mail: [...this.#mail] } : {}) };
  }

  /** @param at of the line: where it begins, and how long it is, in bytes. */
  take(entry: Entry, at: { readonly offset: number; readonly length: number }): void {
    if (entry.kind === 'header') {
      this.#id = entry.id;
      this.#before = this.#lastN = entry.lastN;
      for (const [id, n] of entry.mail ?? []) this.#mail.set(id, n);
    }
    if (!isOfRun(entry)) return;
    if (entry.kind === 'inbox') this.#lastN = entry.row.n;
    const mail = mailOf(entry);
    if (mail) this.#mail.set(...mail);
    const run = this.#runOf(entry);
    const steps = stepsOf(entry);
    const shareOf = sharesOf(steps, at.length);
    for (const step of steps) this.#take(run, step, { ...at, bytes: shareOf(step) });
  }

  /** In the order in which they came. */
  *runs(): Iterable<IndexedRun> {
    for (const run of this.#runs.values()) yield indexed(run);
  }

  get size(): number {
    return this.#runs.size;
  }

  #runOf(entry: ChangeEntry | CopyEntry): NetRun {
    const key = runKey(addressOf(entry));
    const known = this.#runs.get(key);
    if (known) return known;
    const fresh: NetRun = {
      key,
      cleared: false,
      row: undefined,
      records: new Map(),
      forgotten: 0,
    };
    this.#runs.set(key, fresh);
    return fresh;
  }

  #take(run: NetRun, step: Step, line: Net['line'] & object): void {
    const { records } = run;
    switch (step.is) {
      case 'cleared':
        records.clear();
        [run.cleared, run.row, run.forgotten] = [true, undefined, 0];
        return;
      case 'head':
        run.row = step.row;
        records.set('head', { record: ['head'], line });
        return;
      case 'value':
        records.set(`value ${step.id}`, { record: [isEmpty(step) ? 'empty' : 'value', step.id], line });
        return;
      case 'removed':
        records.set(`value ${step.id}`, { record: ['removed', step.id] });
        return;
      case 'attachment':
        records.set(`attachment ${step.ref.id}`, { record: ['attachment', step.ref.id, step.ref.file], line });
        return;
      case 'detached':
        records.set(`attachment ${step.id}`, { record: ['detached', step.id] });
        return;
      case 'history':
        records.set(`history ${step.row.seq}`, { record: ['history', step.row.seq], line });
        return;
      case 'forgotten':
        run.forgotten = Math.max(run.forgotten, step.upTo);
        return;
      case 'inbox':
        records.set(`inbox ${step.row.n}`, { record: ['inbox', step.row.n, step.row.id, step.row.lane], line });
        return;
      case 'taken':
        if (step.n > this.#before) records.delete(`inbox ${step.n}`);
        else records.set(`inbox ${step.n}`, { record: ['taken', step.n] });
    }
  }
}

function indexed({ key, cleared, row, records, forgotten }: NetRun): IndexedRun {
  const lines: [number, number][] = [];
  const numbers = new Map<number, number>();
  const parts: (readonly (string | number)[])[] = forgotten > 0 ? [['forgotten', forgotten]] : [];
  let live = 0;
  for (const { record, line } of records.values()) {
    if (record[0] === 'history' && record[1] <= forgotten) continue;
    if (!line) {
      parts.push(record);
      continue;
    }
    const number = numbers.get(line.offset) ?? lines.push([line.offset, line.length]) - 1;
    numbers.set(line.offset, number);
    parts.push([...record, number, line.bytes]);
    live += line.bytes;
  }
  const singleton = row && singletonId(row);
  const head = row ? { head: JSON.stringify(row), ...(singleton === undefined ? {} : { singleton }) } : {};
  return { key, ...head, ...(cleared ? { cleared } : {}), live, records: encodeRecords(lines, parts) };
}
