import { definitionHash } from '../define/definition-hash.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { dropDone, Engine, type EngineState, isSteps, type Message, type TimerRow, viewOf } from '../engine/index.js';
import type { RunRow } from '../records/records.js';
import { journalPrefix, stepAfter } from '../steps/journal.js';
import { type Migrated, migrate } from './migrate.js';
import type { RunRecord } from './run-record.js';
import { checkFit, unfit } from './unfit.js';

/** A stored run, restored. */
export interface TakenUp {
  readonly engine: Engine;
  /** Another definition wrote it: it is to be brought in line with this one. */
  readonly foreign?: { readonly journal?: Migrated['journal'] };
}

/**
 * Restores a run, migrated where its version is another one. Nothing stored is changed.
 * @throws `VERSION_UNFIT`, `MIGRATION_FAILED`.
 */
export function takeUp(
  workflow: AnyWorkflow,
  row: RunRow,
  record: RunRecord,
  onMessage: (message: Message) => void,
): TakenUp {
  const { logic } = workflow;
  const migrated = row.version === workflow.version ? undefined : migrate(workflow, row, record);
  const state = migrated?.state ?? (record.state.follow() as EngineState);
  checkFit(workflow, row, state);
  const timers = (record.read('timers') ?? new Map()) as ReadonlyMap<string, TimerRow>;
  const engine = Engine.restore(workflow, { ...state, snapshot: dropDone(logic, state.snapshot) }, timers, onMessage);
  if (state.snapshot.status === 'active' && viewOf(engine.root).status !== 'active') {
    throw unfit(workflow, row, `restoring it fails with ${String(viewOf(engine.root).error)}`);
  }
  if (!migrated && row.definition === definitionHash(logic)) return { engine };
  checkJournals(workflow, row, engine, migrated ? [...migrated.journal.keys()] : record.idsFrom('journal/'));
  return { engine, foreign: migrated ?? {} };
}

/** What has a journal and is no step function any more would lose its steps. */
function checkJournals(workflow: AnyWorkflow, row: RunRow, engine: Engine, ids: readonly string[]): void {
  for (const leaf of engine.leaves) {
    const prefix = journalPrefix(leaf);
    const id = ids.find((id) => id.startsWith(prefix));
    if (id === undefined || isStepsActor(engine.leafActor(leaf))) continue;
    const name = `${stepAfter(prefix, id)} of ${leaf.path || 'the run'}`;
    throw unfit(workflow, row, `missing step ${name}`, [{ kind: 'step', name }]);
  }
}

export function isStepsActor(actor: object | undefined): boolean {
  const { logic } = (actor ?? {}) as { logic?: never };
  return logic !== undefined && isSteps(logic);
}
