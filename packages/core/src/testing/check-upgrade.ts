import type { AnyActorLogic } from 'xstate';
import { migrate } from '../decide/migrate.js';
import { RunRecord } from '../decide/run-record.js';
import { tell } from '../decide/unfit.js';
import { definitionHash } from '../define/definition-hash.js';
import { chainOf } from '../define/migration.js';
import { checkOption, checkOptions } from '../define/options.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { WORKFLOW } from '../define/workflows.js';
import {
  type EngineState,
  findMisfits,
  isMachine,
  isSteps,
  lostBy,
  namedActions,
  type PossibleState,
  possibleStates,
  resolveActor,
} from '../engine/index.js';
import { HoldfastError } from '../errors/index.js';
import { queuedRow, type RunRow } from '../records/records.js';

/** Something of stored runs that a new version would not take up as it is. */
export interface UpgradeProblem {
  readonly kind: 'version' | 'migration' | 'state' | 'actor' | 'timer' | 'action' | 'step';
  /** State id, timer id, name of an actor or action; for a migration, the state it could not be tried on. */
  readonly name: string;
  /**
   * - `parks`: such a run does not go on until the code is changed.
   * - `drops`, `stops`, `restarts`: it goes on; the timer goes, the actor is stopped, or started anew.
   * - `tells`: it goes on, and the host's `onError` is told.
   * - `unchecked`: it can't be known from the definitions.
   */
  readonly effect: 'parks' | 'drops' | 'stops' | 'restarts' | 'tells' | 'unchecked';
  readonly message: string;
  readonly remedy: string;
}

export interface CheckUpgradeOptions {
  /** A context of the old version, to try migrations with. Default: the one its machine begins with, without input. */
  readonly context?: unknown;
}

/**
 * Tells from the definitions alone what of the stored runs of `before` a host with `after` could not take up as it is.
 * Tries `after`'s migrations on every state that a run of `before` can rest in. Empty: nothing is lost.
 *
 * @throws `OPTION_INVALID` when they are not of one id.
 *
 * @example
 * test('runs in production go on', () => expect(checkUpgrade(deployed, photoImport)).toEqual([]));
 */
export function checkUpgrade(
  before: AnyWorkflow,
  after: AnyWorkflow,
  options: CheckUpgradeOptions = {},
): readonly UpgradeProblem[] {
  checkOption(before, WORKFLOW, 'before', 'checkUpgrade');
  checkOption(after, WORKFLOW, 'after', 'checkUpgrade');
  checkOptions(options, 'checkUpgrade', { context: null });
  if (before.id !== after.id) {
    throw new HoldfastError('OPTION_INVALID', {
      message: `Workflow "${after.id}" is no version of "${before.id}".`,
      remedy: 'Give checkUpgrade two definitions of one id.',
      details: { before: before.id, after: after.id },
    });
  }
  const problems = chainOf(after, before.version) ? [...problemsOf(before, after, options)] : [noWay(before, after)];
  const known = new Map(problems.map((problem) => [`${problem.kind} ${problem.name} ${problem.effect}`, problem]));
  return [...known.values()];
}

function noWay({ id, version }: AnyWorkflow, after: AnyWorkflow): UpgradeProblem {
  const older = after.version < version;
  return {
    kind: 'version',
    name: `${version} -> ${after.version}`,
    effect: 'parks',
    message: older
      ? `Version ${after.version} of "${id}" is older than ${version}: it takes up no run of it.`
      : `Version ${after.version} of "${id}" has no chain of migrations from version ${version}.`,
    remedy: older
      ? 'Raise its version.'
      : 'Write the missing ones in `migrate`, or register both versions side by side.',
  };
}

function* problemsOf(before: AnyWorkflow, after: AnyWorkflow, options: CheckUpgradeOptions): Iterable<UpgradeProblem> {
  if (before.version === after.version && definitionHash(before.logic) !== definitionHash(after.logic)) {
    yield {
      kind: 'version',
      name: `${before.version} -> ${after.version}`,
      effect: 'tells',
      message: 'The definition was changed, and its version is the same.',
      remedy: 'Raise the version.',
    };
  }
  for (const possible of possibleStates(before.logic, options.context)) yield* problemsIn(possible, before, after);
  yield* problemsOfLogic(before.logic, after.logic, after.version > before.version, new Set());
}

/** Problems of a run that is in that state. */
function* problemsIn(
  { name, state }: PossibleState,
  before: AnyWorkflow,
  after: AnyWorkflow,
): Iterable<UpgradeProblem> {
  let taken = state;
  try {
    if (before.version !== after.version) taken = tryMigrating(state, before, after);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    yield {
      kind: 'migration',
      name,
      effect: 'unchecked',
      message: `The migration could not be tried on a run in ${name}. ${reason}`,
      remedy: 'Give checkUpgrade a context of the old version, and test that migration on its own.',
    };
    return;
  }
  const misfits = findMisfits(after.logic, taken);
  for (const misfit of misfits) {
    yield {
      kind: misfit.kind,
      name: misfit.name,
      effect: 'parks',
      message: `A run in ${name} would be parked: ${tell(misfit)}.`,
      remedy: 'Bring it back, or let a migration do without it.',
    };
  }
  if (misfits.length > 0) return;
  for (const { kind, name: lost, effect } of lostBy(after.logic, taken)) {
    yield {
      kind,
      name: lost,
      effect: ({ dropped: 'drops', stopped: 'stops', restarted: 'restarts' } as const)[effect],
      message: `In a run in ${name}, ${kind} ${lost} would be ${effect}.`,
      remedy: 'Keep it, or let it be if that is what is meant.',
    };
  }
}

function tryMigrating(state: EngineState, before: AnyWorkflow, after: AnyWorkflow): EngineState {
  const record = new RunRecord({ values: new Map(), attachments: new Map() });
  record.state.put(state, []);
  const begin = { workflow: before.id, run: 'checked', key: 'checked', version: before.version };
  const row: RunRow = { ...queuedRow(begin, 0), seq: 1, status: 'running' };
  return migrate(after, row, record).state;
}

/** Problems of what may be under way in any state: actions, spawned actors, step functions. */
function* problemsOfLogic(
  before: AnyActorLogic,
  after: AnyActorLogic | undefined,
  migrated: boolean,
  seen: Set<AnyActorLogic>,
  name = 'the run',
): Iterable<UpgradeProblem> {
  if (!after || seen.has(before)) return;
  seen.add(before);
  if (isSteps(before) && isSteps(after) && String(before.config) !== String(after.config)) yield otherSteps(name);
  if (!isMachine(before) || !isMachine(after)) return;
  const actions = after.implementations.actions as Record<string, unknown>;
  for (const action of namedActions(before)) if (typeof actions[action] !== 'function') yield missingAction(action);
  for (const [src, actor] of Object.entries(before.implementations.actors) as [string, AnyActorLogic][]) {
    const other = resolveActor(after, src);
    if (!other) yield missingActor(src, migrated);
    yield* problemsOfLogic(actor, other, migrated, seen, src);
  }
}

function otherSteps(name: string): UpgradeProblem {
  return {
    kind: 'step',
    name,
    effect: 'unchecked',
    message: `The step function of ${name} was changed; which steps it has can't be seen from its definition.`,
    remedy: 'Keep the names of its steps, or rename them in `steps` of a migration.',
  };
}

function missingAction(name: string): UpgradeProblem {
  return {
    kind: 'action',
    name,
    effect: 'parks',
    message: `Action ${name} is gone: a run whose host died before it was performed would be parked.`,
    remedy: 'Keep it in setup({ actions }) for as long as such runs may be stored.',
  };
}

function missingActor(name: string, migrated: boolean): UpgradeProblem {
  return {
    kind: 'actor',
    name,
    effect: migrated ? 'unchecked' : 'parks',
    message: `Actor ${name} is gone: a run that has spawned one would be parked${migrated ? ', unless it is migrated' : ''}.`,
    remedy: 'Keep it in setup({ actors }), or take it out of `children` in a migration.',
  };
}
