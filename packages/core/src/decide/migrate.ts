import { decode, encode } from '../codec/index.js';
import { chainOf, type MigrationChild, type MigrationState, type MigrationStep } from '../define/migration.js';
import type { AnyWorkflow } from '../define/workflow.js';
import {
  type ActorPath,
  actorRefReducers,
  actorRefRevivers,
  type EngineState,
  joinPath,
  type PersistedChild,
  type PersistedSnapshot,
} from '../engine/index.js';
import { HoldfastError } from '../errors/index.js';
import type { RunRow } from '../records/records.js';
import { type JournalEntry, journalId, journalPrefix, stepAfter } from '../steps/journal.js';
import type { RunRecord } from './run-record.js';
import { noChain } from './unfit.js';

/** What the migrations made of a run. */
export interface Migrated {
  readonly state: EngineState;
  /** All entries of all journals, by record id. */
  readonly journal: ReadonlyMap<string, JournalEntry>;
}

/**
 * Lets the workflow's migrations take a run to its version. Nothing stored is changed.
 * @throws `MIGRATION_FAILED`; `VERSION_UNFIT` when one is missing.
 */
export function migrate(workflow: AnyWorkflow, row: RunRow, record: RunRecord): Migrated {
  const chain = chainOf(workflow, row.version);
  if (!chain) throw noChain(row, [workflow.version]);
  const stored = record.state.read() as EngineState;
  const run = new StoredState(stored, record, row);
  let state = run.take();
  for (const [index, migration] of chain.entries()) {
    const from = row.version + index;
    try {
      state = checkState(migration(state));
      // The last one's result is stored: it has to be storable, and nobody's to change any more.
      if (index === chain.length - 1) return run.give(copy(state));
    } catch (error) {
      throw failed(row, from, error);
    }
  }
  return run.give(state);
}

function copy(state: MigrationState): MigrationState {
  return decode(encode(state, 'state', actorRefReducers), actorRefRevivers) as MigrationState;
}

function checkState(state: unknown): MigrationState {
  if (typeof state !== 'object' || state === null) throw new TypeError('it returned no state');
  if ('then' in state) throw new TypeError('it returned a promise, and has to return the state itself');
  return state as MigrationState;
}

function failed({ workflow, run }: RunRow, from: number, cause: unknown): HoldfastError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new HoldfastError('MIGRATION_FAILED', {
    message: `The migration of run "${run}" of "${workflow}" from version ${from} to ${from + 1} failed: ${reason}.`,
    remedy: 'The run is left as it was: repair the migration, and it is tried again.',
    details: { workflow, run, from },
    cause,
  });
}

/** A run's stored state, as migrations see it, and what becomes of it by theirs. */
class StoredState {
  readonly #stored: EngineState;
  readonly #record: RunRecord;
  readonly #row: RunRow;
  readonly #journal = new Map<string, JournalEntry>();

  constructor(stored: EngineState, record: RunRecord, row: RunRow) {
    this.#stored = stored;
    this.#record = record;
    this.#row = row;
  }

  take(): MigrationState {
    const { snapshot } = this.#stored;
    const state = this.#take(snapshot, '');
    return 'value' in snapshot ? { ...state, input: this.#record.read('input') } : state;
  }

  give(state: MigrationState): Migrated {
    const snapshot = this.#give(this.#stored.snapshot, state, '');
    return { state: { ...this.#stored, snapshot }, journal: this.#journal };
  }

  #take(snapshot: PersistedSnapshot, path: ActorPath): MigrationState {
    const { status, value, context, historyValue = {}, children = {}, input } = snapshot;
    if ('value' in snapshot) {
      return {
        value,
        context,
        historyValue: mapValues(historyValue, (nodes) => nodes.map(({ id }) => id)),
        children: mapValues(children, (child, id) => ({
          src: child.src,
          ...this.#take(child.snapshot, joinPath(path, id)),
        })),
      };
    }
    if ('context' in snapshot) return { context };
    return { input, ...(status === 'active' ? { steps: this.#steps(path) } : {}) };
  }

  #give(stored: PersistedSnapshot, state: MigrationState, path: ActorPath): PersistedSnapshot {
    checkState(state);
    const { value, context, historyValue = {}, children = {}, input, steps = {} } = state;
    if ('value' in stored) {
      if (!isValue(value)) throw new TypeError(`the value${at(path)} is ${String(value)}`);
      return {
        ...stored,
        value,
        context,
        historyValue: mapValues(historyValue, (ids) => ids.map((id) => ({ id }))),
        children: mapValues(children, (child, id) => this.#giveChild(stored, child, joinPath(path, id), id)),
      };
    }
    if ('context' in stored) return { ...stored, context };
    if (stored.status === 'active') this.#giveSteps(steps, path);
    return { ...stored, input };
  }

  #giveChild({ children = {} }: PersistedSnapshot, child: MigrationChild, path: ActorPath, id: string): PersistedChild {
    const stored = Object.hasOwn(children, id) ? children[id] : undefined;
    if (!stored) throw new TypeError(`it puts in an actor "${id}", and only a state's \`invoke\` can start one`);
    if (typeof child?.src !== 'string') throw new TypeError(`the actor "${id}" has no \`src\``);
    return { ...stored, src: child.src, snapshot: this.#give(stored.snapshot, child, path) };
  }

  #owner(path: ActorPath) {
    const { incarnation = 1, life } = this.#stored.births[path] ?? {};
    return { path, incarnation, ...(life === undefined ? {} : { life }) };
  }

  #steps(path: ActorPath): Record<string, MigrationStep> {
    const owner = this.#owner(path);
    const prefix = journalPrefix(owner);
    const ids = this.#record.idsFrom(prefix);
    return Object.fromEntries(ids.map((id) => [stepAfter(prefix, id), this.#record.read(id) as MigrationStep]));
  }

  #giveSteps(steps: Record<string, MigrationStep>, path: ActorPath): void {
    const owner = this.#owner(path);
    const { seq, updatedAt } = this.#row;
    const fresh = Object.values(steps).filter(({ order }) => order === undefined).length;
    let rank = 0;
    for (const [name, step] of Object.entries(steps)) {
      // Before all that is still to come, and after all that was.
      const order = step.order ?? seq + ++rank / (fresh + 1);
      this.#journal.set(journalId(owner, name), toEntry(name, step, order, updatedAt));
    }
  }
}

const STATUSES: readonly unknown[] = [
  'completed',
  'failed',
  'retrying',
  'sleeping',
  'waiting',
  'begun',
  'exhausted',
] satisfies JournalEntry['status'][];

/** Where it is not said. */
const KIND_OF: Partial<Record<JournalEntry['status'], JournalEntry['kind']>> = { sleeping: 'sleep', waiting: 'event' };

function toEntry(name: string, step: MigrationStep, order: number, now: number): JournalEntry {
  const {
    status,
    attempts = 1,
    startedAt = now,
    endedAt = startedAt,
    until,
    nested,
    undo,
    output,
    error,
    details,
  } = step;
  const { types, child, kind = KIND_OF[status] ?? 'step' } = step;
  if (!STATUSES.includes(status)) throw new TypeError(`step "${name}" has the status ${String(status)}`);
  const waits = status === 'retrying' || status === 'sleeping';
  if (waits && typeof until !== 'number') throw new TypeError(`step "${name}" waits, and has no \`until\``);
  return {
    ...{ kind, status, attempts, startedAt, endedAt, order },
    ...(child === undefined ? {} : { child }),
    ...(until === undefined ? {} : { until }),
    ...(types === undefined ? {} : { types }),
    ...(nested ? { nested } : {}),
    ...(undo === undefined ? {} : { undo }),
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
    ...(details === undefined ? {} : { details }),
  };
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function at(path: ActorPath): string {
  return path === '' ? '' : ` of ${decodeURIComponent(path)}`;
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, change: (value: T, key: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}
