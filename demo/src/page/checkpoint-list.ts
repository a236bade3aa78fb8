import type { HistoryRow } from '@holdfast/core';
import { byId, element } from './element.js';

const OUTCOME_TEXT = {
  completed: 'done',
  failed: 'failed',
  retrying: 'try again',
  exhausted: 'tries used up',
  started: 'started',
  ignored: 'ignored',
  kept: 'kept',
  refused: 'refused',
};

/** Owns the list of checkpoints, newest first. A row, once shown, never changes: checkpoints don't. */
export class CheckpointList {
  readonly #list = byId('history');
  readonly #empty = byId('history-empty');
  #shown: HistoryRow | undefined;

  show(rows: readonly HistoryRow[]): void {
    for (const row of rows) {
      if (this.#shown && row.seq <= this.#shown.seq) continue;
      if (this.#shown && row.epoch !== this.#shown.epoch) this.#list.prepend(takeover(row));
      this.#list.prepend(line(row));
      this.#shown = row;
    }
    this.#empty.hidden = this.#shown !== undefined;
  }

  clear(): void {
    this.#shown = undefined;
    this.#list.replaceChildren();
    this.#empty.hidden = false;
  }
}

function line({ seq, at, arrival, value }: HistoryRow): HTMLElement {
  const { kind, name = '', outcome } = arrival;
  const state = typeof value === 'string' ? value : '';
  return element(
    'li',
    { 'data-kind': kind, 'data-outcome': outcome ?? '', title: `${new Date(at).toLocaleString()} · ${state}` },
    element('span', { class: 'seq' }, String(seq)),
    element('span', { class: 'kind' }, kind),
    element('span', { class: 'what' }, name),
    element('span', { class: 'outcome' }, outcome ? OUTCOME_TEXT[outcome] : ''),
  );
}

function takeover({ epoch }: HistoryRow): HTMLElement {
  return element('li', { class: 'takeover' }, `another worker took over · epoch ${epoch}`);
}
