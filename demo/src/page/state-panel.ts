import type { Progress } from '@holdfast/core';
import { byId, element, setText } from './element.js';

/** The machine's states, in the order in which a run passes them; one of the last group ends it otherwise. */
const PATH = ['importing', 'reviewing', 'publishing', 'published'];
const OTHER_ENDS = ['rejected', 'expired', 'failed'];
const ENDS = ['published', ...OTHER_ENDS];

const LINES: Record<string, string> = {
  importing: 'Hashing, making thumbnails, uploading. Do harm whenever you like.',
  reviewing: 'All photos are on the server. The machine waits for your approval, whether or not a tab is open.',
  publishing: 'Approved. Publishing the album.',
  published: 'Published. How often each step was executed stands in the ledger.',
  rejected: 'Rejected: nothing was published.',
  expired: 'Nobody approved in time: nothing was published.',
};

/** What the panel shows of a run. */
export interface StateView {
  readonly value: string;
  /** States that the run's checkpoints show. */
  readonly passed: ReadonlySet<unknown>;
  readonly photos: number;
  readonly count: { readonly done: number; readonly total: number };
  readonly progress: Progress | undefined;
  readonly problem: string;
  /** Said instead of the state's own line: the run is paused, parked or failed as a whole. */
  readonly trouble: string | undefined;
}

export function showState(view: StateView): void {
  const { value, photos, count, progress, problem, trouble } = view;
  setText(byId('run-title'), `Import of ${photos} photo${photos === 1 ? '' : 's'}`);
  setText(byId('run-line'), trouble ?? (value === 'failed' ? `Failed: ${problem}` : (LINES[value] ?? value)));
  byId('states').replaceChildren(...statesOf(view));
  const meter = byId('meter');
  meter.ariaValueMax = String(count.total);
  meter.ariaValueNow = String(count.done);
  meter.style.setProperty('--done', String(count.total === 0 ? 0 : count.done / count.total));
  setText(byId('total-count'), `${count.done} of ${count.total} steps checkpointed`);
  setText(
    byId('phase-count'),
    progress && value === 'importing' ? `this phase: ${progress.done} of ${progress.total}` : '',
  );
  byId('progress').hidden = false;
}

/** Says why nothing is known of the run. */
export function showTrouble(trouble: string | undefined): void {
  if (trouble !== undefined) setText(byId('run-line'), trouble);
}

export function hideState(): void {
  byId('progress').hidden = true;
  setText(byId('run-title'), 'Import photos');
  setText(
    byId('run-line'),
    'Every step is checkpointed in this browser before the next one begins. Reload, crash, go offline: what is done stays done.',
  );
}

function statesOf({ value, passed }: StateView): HTMLElement[] {
  const path = OTHER_ENDS.includes(value) ? [...PATH.filter((state) => passed.has(state)), value] : PATH;
  const at = path.indexOf(value);
  return path.map((state, index) => {
    const status = index < at ? 'past' : index > at ? 'ahead' : ENDS.includes(state) ? 'end' : 'now';
    const current: Record<string, string> = index === at ? { 'aria-current': 'step' } : {};
    return element('li', { 'data-status': status, 'data-state': state, ...current }, state);
  });
}
