import type { RunRow, SeenStatus } from '@holdfast/core';
import type { RunAddress } from '@holdfast/core/store';
import { addressOf } from './store-at.js';
import type { Column } from './table.js';
import { plain, type Style } from './terminal.js';
import { fromNow } from './times.js';

/** How a run is told of in lists and in progress. */

/** What is told of a run as it goes. */
export interface SeenRun extends RunAddress, Pick<RunRow, 'reasons' | 'seq'> {
  readonly status: SeenStatus;
  readonly progress?: RunRow['progress'] | undefined;
  /** State value of a machine. */
  readonly value?: unknown;
}

const ENDED: readonly SeenStatus[] = ['done', 'failed', 'cancelled', 'pruned', 'absent'];

export function hasEnded({ status }: Pick<SeenRun, 'status'>): boolean {
  return ENDED.includes(status);
}

const STYLES: Partial<Record<SeenStatus, Style>> = {
  running: 'cyan',
  waiting: 'yellow',
  paused: 'yellow',
  cancelling: 'yellow',
  done: 'green',
  failed: 'red',
  parked: 'red',
};

export function styleOf({ status }: Pick<SeenRun, 'status'>): Style | undefined {
  return STYLES[status];
}

/** `paused (exhausted)`, `waiting`. */
export function statusOf({ status, reasons }: Pick<SeenRun, 'status' | 'reasons'>): string {
  return reasons.length > 0 ? `${status} (${reasons.join(', ')})` : status;
}

/** `3/20`, or nothing where none was told. */
export function progressOf({ progress }: Pick<SeenRun, 'progress'>): string {
  return progress ? `${progress.done}/${progress.total}` : '';
}

/** The state of a machine, in one line. */
export function stateOf({ value }: Pick<SeenRun, 'value'>): string {
  if (value === undefined) return '';
  return plain(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Columns of a list as it is at the instant `now`. */
export function runColumns(now: number): Column<RunRow>[] {
  return [
    { title: 'WORKFLOW', cell: ({ workflow }) => plain(workflow), gives: true },
    { title: 'RUN', cell: ({ run }) => plain(run), gives: true },
    { title: 'STATUS', cell: statusOf, style: styleOf },
    { title: 'PROGRESS', cell: progressOf },
    { title: 'CHANGED', cell: ({ updatedAt }) => fromNow(updatedAt, now) },
    { title: 'DEADLINE', cell: ({ nextDeadlineAt: at }) => (at === undefined ? '' : fromNow(at, now)) },
    { title: 'LABELS', cell: labelsOf, gives: true },
  ];
}

function labelsOf({ labels = {} }: RunRow): string {
  return Object.entries(labels)
    .map(([name, value]) => plain(`${name}=${value}`))
    .join(' ');
}

/** A run in one line, for whoever reads a log: `import/trip running 3/20`. */
export function toLine(run: SeenRun): string {
  return [plain(addressOf(run)), statusOf(run), stateOf(run), progressOf(run)].filter(Boolean).join(' ');
}
