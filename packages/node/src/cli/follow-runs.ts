import type { RunRow, RunStatus } from '@holdfast/core';
import type { RunAddress } from '@holdfast/core/store';
import type { LiveView } from './live-view.js';
import type { SeenRun } from './run-lines.js';
import { addressOf } from './store-at.js';

/** Statuses of runs that have not ended. */
export const UNFINISHED: readonly RunStatus[] = ['queued', 'running', 'waiting', 'paused', 'cancelling'];

/**
 * Shows the runs which have not ended, and of those that leave them how they ended.
 *
 * Owns: which were there when it last looked.
 */
export class FollowedRuns {
  readonly #view: LiveView;
  readonly #lookUp: (address: RunAddress) => Promise<SeenRun>;
  #rows = new Map<string, RunRow>();

  /** @param lookUp how a run is that is not among those that go on any more. */
  constructor(view: LiveView, lookUp: (address: RunAddress) => Promise<SeenRun>) {
    this.#view = view;
    this.#lookUp = lookUp;
  }

  async show(rows: readonly RunRow[]): Promise<void> {
    const now = new Map(rows.map((row) => [addressOf(row), row]));
    const gone = [...this.#rows].flatMap(([address, row]) => (now.has(address) ? [] : row));
    this.#rows = now;
    const ended = await Promise.all(gone.map(({ workflow, run }) => this.#lookUp({ workflow, run })));
    this.#view.show([...ended, ...this.#rows.values()]);
  }
}
