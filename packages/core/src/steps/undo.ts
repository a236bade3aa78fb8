import { checkOption, FUNCTION, refuseUnknown } from '../define/options.js';
import type { RetryPolicy, StepUndo, UndoBody, UndoContext } from '../define/steps-logic.js';
import type { JournalEntry } from './journal.js';
import { STEP_OPTIONS, type StepSettings, toSettings } from './retry.js';

const SUFFIX = ' (undo)';
/** An undo that fails for good would leave its effect behind: it is tried for long, and then the run is paused. */
const RETRY: RetryPolicy = { attempts: 5, delay: '1s', factor: 2, onExhausted: 'pause' };

/** How long a body whose signal is aborted may take to end before its undo begins, in ms. */
export const GRACE_MS = 30_000;

/** Under this name the undo of a step has its own journal entry. */
export function undoName(step: string): string {
  return step + SUFFIX;
}

export function isUndoName(step: string): boolean {
  return step.endsWith(SUFFIX);
}

interface Undo {
  readonly body: UndoBody<unknown>;
  readonly settings: StepSettings;
  /** The order in which steps began. */
  rank: number | undefined;
}

/** An undo that is to be performed. */
export interface DueUndo {
  readonly step: string;
  readonly settings: StepSettings;
  readonly body: UndoBody<unknown>;
}

/**
 * The undos of a step function.
 *
 * Owns: which steps have one, and the order in which they began. Never: the journal.
 * 1. A step has a rank from the mark on that is stored before its first try; it keeps it through all of its entries.
 * 2. Undos are due in the reverse of that order.
 */
export class Undos {
  readonly #undos = new Map<string, Undo>();
  #last = 0;

  constructor(journal: ReadonlyMap<string, JournalEntry>) {
    journal.forEach(({ undo = 0 }) => {
      if (undo > this.#last) this.#last = undo;
    });
  }

  /**
   * Takes in the undo of a step that is asked for.
   * @throws `OPTION_INVALID`.
   */
  register(step: string, undo: StepUndo<unknown> | undefined, stored: JournalEntry | undefined): void {
    if (undo === undefined) return;
    if (typeof undo !== 'function') refuseUnknown(undo, [...STEP_OPTIONS, 'perform'], `step "${step}"`, 'undo');
    const { perform, ...options } = typeof undo === 'function' ? { perform: undo } : undo;
    checkOption(perform, FUNCTION, 'undo.perform', `step "${step}"`);
    toSettings(undoName(step), options);
    const settings = toSettings(undoName(step), { ...options, retry: { ...RETRY, ...options.retry } });
    this.#undos.set(step, { body: perform, settings: { ...settings, undo: true }, rank: stored?.undo });
  }

  /** Whether a mark is to be stored before its try. */
  needsMark(step: string): boolean {
    const undo = this.#undos.get(step);
    return undo !== undefined && undo.rank === undefined;
  }

  /** Gives it the next rank. */
  mark(step: string): void {
    const undo = this.#undos.get(step);
    if (undo) undo.rank ??= ++this.#last;
  }

  rankOf(step: string): number | undefined {
    return this.#undos.get(step)?.rank;
  }

  /** Those of steps that have begun, the last one first. */
  due(): DueUndo[] {
    const begun = [...this.#undos].flatMap(([step, { rank, ...undo }]) =>
      rank === undefined ? [] : [{ step, rank, ...undo }],
    );
    return begun.sort((a, b) => b.rank - a.rank);
  }

  /** Steps whose mark is stored, and which the function has not asked for. */
  missing(journal: ReadonlyMap<string, JournalEntry>): string[] {
    return [...journal]
      .filter(([step, { undo }]) => undo !== undefined && !this.#undos.has(step))
      .map(([step]) => step);
  }
}

/** What an undo is told of its step. */
export function undone(entry: JournalEntry | undefined): Pick<UndoContext<unknown>, 'completed' | 'result'> {
  return entry?.status === 'completed'
    ? { completed: true, result: entry.output }
    : { completed: false, result: undefined };
}
