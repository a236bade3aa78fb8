import type { AnyActorLogic, AnyStateMachine, EventFromLogic, InputFrom } from 'xstate';
import { isLive, isMachine, kindOf, liveActorRefused } from '../engine/kinds.js';
import { HoldfastError } from '../errors/index.js';
import { type Concurrency, checkConcurrency, checkSingleton, type Singleton } from './concurrency.js';
import type { Duration } from './duration.js';
import { DEFAULT_LIMITS, type Limits, withLimits } from './limits.js';
import type { Migrations } from './migration.js';
import { checkOption, OPTIONS, refuseUnknown } from './options.js';
import { type Retention, toKeptMs } from './retention.js';
import { checkSchemas, type FittingSchemas, type WorkflowSchemas } from './schemas.js';
import { isWellFormed } from './well-formed.js';
import type { Implementations, Workflow } from './workflow.js';

const KNOWN = [
  ...['id', 'version', 'logic', 'liveActors', 'migrate', 'concurrency', 'singleton', 'schemas', 'limits'],
  // What a workflow has of its own, where another one is made of it.
  ...['retention', 'isolate', 'provide'],
];

/**
 * Makes a workflow: what a host can run durably.
 *
 * @param definition.id stands in every stored run: never change it.
 * @param definition.version a whole number from 1; raise it when stored runs of the version before can't go on.
 * @param definition.migrate by version, what makes of a run of that version one of the next. Pure: it is called again
 *   when the host dies before the migrated run is stored. Several are chained; a run whose chain has a gap is parked.
 * @param definition.logic a machine of XState 5 or a step function (`fromSteps`).
 * @param definition.liveActors accepts callback and observable actors, whose work can't go on after a crash: it is begun
 *   anew then, with the stored input. While one is under way its run stays in memory.
 * @param definition.concurrency how many of its runs, of one key where there is a `key`, may be at work at a time. One
 *   that wants to work and may not is `queued`; one that only waits is not at work.
 * @param definition.singleton starts a run only where none of its key is there that has not ended.
 * @param definition.schemas check the input and the events of a machine, and are their types for `start` and `send`; a
 *   step function is given them by `fromSteps`.
 * @param definition.limits in place of the host's.
 * @param definition.retention how long its runs are kept after they have ended, in place of the host's.
 * @param definition.isolate runs each of its step functions in a step worker, a thread of its own: a step that never gives
 *   way holds up nothing else, and does not outlive its timeout by more than a second.
 * @throws `WORKFLOW_INVALID`, `OPTION_INVALID`; `ACTOR_NOT_DURABLE` when the logic holds callback or observable actors, and `liveActors` is
 *   not given.
 *
 * @example
 * export const photoImport = defineWorkflow({ id: 'photo-import', version: 1, logic: importPhotos });
 */
export function defineWorkflow<
  const TId extends string,
  TLogic extends AnyActorLogic,
  TSchemas extends WorkflowSchemas = Record<never, never>,
>(definition: {
  id: TId;
  version: number;
  logic: TLogic;
  liveActors?: 'restart';
  migrate?: Migrations;
  concurrency?: Concurrency<InputFrom<TLogic>>;
  singleton?: Singleton<InputFrom<TLogic>>;
  schemas?: TSchemas & FittingSchemas<TSchemas, InputFrom<TLogic>, EventFromLogic<TLogic>>;
  limits?: Partial<Limits>;
  retention?: Duration | Retention;
  isolate?: boolean;
}): Workflow<TId, TLogic, TSchemas> {
  refuseUnknown(definition, KNOWN, 'defineWorkflow');
  const { id, version, logic, liveActors, migrate, concurrency, singleton, schemas } = definition;
  const { limits, retention, isolate } = definition;
  if (typeof id !== 'string' || id === '' || !isWellFormed(id))
    throw invalid('needs an id, a string that is not empty', { id });
  if (id.startsWith('holdfast.')) throw invalid(`can't have the id "${id}", which is Holdfast's own`, { id });
  if (!Number.isInteger(version) || version < 1)
    throw invalid(`"${id}" needs a version, a whole number from 1`, { id });
  if (!isLogic(logic)) throw invalid(`"${id}" needs logic: a machine, or the result of fromSteps()`, { id });
  if (!isMachine(logic) && kindOf(logic) !== 'steps') {
    throw invalid(`"${id}" has logic that is neither a machine nor a step function`, { id });
  }
  if (liveActors !== undefined && liveActors !== 'restart')
    throw invalid(`"${id}" has liveActors that are not 'restart'`, { id, liveActors });
  if (liveActors === undefined) refuseLive(id, logic, new Set());
  const provide = (implementations: Implementations<TLogic>) =>
    defineWorkflow({ ...definition, logic: provideTo(id, logic, implementations) });
  if (migrate !== undefined) checkMigrations(id, version, migrate);
  checkConcurrency(id, concurrency);
  checkSingleton(id, singleton);
  if (schemas !== undefined && !isMachine(logic))
    throw invalid(`"${id}" is a step function: give its schemas to fromSteps()`, { id });
  if (schemas !== undefined) checkSchemas(schemas, `workflow "${id}"`);
  withLimits(DEFAULT_LIMITS, limits, `workflow "${id}"`);
  toKeptMs(retention, `workflow "${id}"`);
  if (isolate !== undefined && typeof isolate !== 'boolean')
    throw invalid(`"${id}" has isolate that is neither true nor false`, { id, isolate });
  return Object.freeze({
    id,
    version,
    logic,
    provide,
    ...(liveActors === undefined ? {} : { liveActors }),
    ...(migrate ? { migrate: Object.freeze({ ...migrate }) } : {}),
    ...(concurrency ? { concurrency: Object.freeze({ ...concurrency }) } : {}),
    ...(singleton ? { singleton: Object.freeze({ ...singleton }) } : {}),
    ...(schemas ? { schemas } : {}),
    ...(limits ? { limits: Object.freeze({ ...limits }) } : {}),
    ...(retention === undefined ? {} : { retention }),
    ...(isolate ? { isolate } : {}),
  });
}

function provideTo<TLogic extends AnyActorLogic>(id: string, logic: TLogic, implementations: unknown): TLogic {
  checkOption(implementations, OPTIONS, 'implementations', 'provide');
  if (isMachine(logic)) return logic.provide(implementations as never) as unknown as TLogic;
  throw invalid(`"${id}" is a step function, to which nothing can be provided; in tests, give stand-ins of its steps`, {
    id,
  });
}

function checkMigrations(workflow: string, version: number, migrate: object): void {
  const wrong = (what: string) =>
    new HoldfastError('OPTION_INVALID', {
      message: `\`migrate\` of workflow "${workflow}" ${what}.`,
      remedy: `Give it functions by version, from 1 to ${version - 1}: each takes a run's state to the next version.`,
      details: { option: 'migrate', workflow },
    });
  checkOption(migrate, OPTIONS, 'migrate', `workflow "${workflow}"`);
  for (const [key, migration] of Object.entries(migrate)) {
    if (!/^[1-9]\d*$/.test(key) || Number(key) >= version) throw wrong(`has the key "${key}"`);
    if (typeof migration !== 'function') throw wrong(`has no function at ${key}`);
  }
}

function isLogic(logic: unknown): logic is AnyActorLogic {
  try {
    return typeof (logic as AnyActorLogic).transition === 'function';
  } catch {
    return false;
  }
}

function invalid(what: string, details: Record<string, unknown>): HoldfastError {
  return new HoldfastError('WORKFLOW_INVALID', { message: `A workflow ${what}.`, details });
}

/** Refuses actors whose work can't be taken up again, wherever in the tree of machines they are declared. */
function refuseLive(workflow: string, logic: AnyActorLogic, seen: Set<AnyActorLogic>): void {
  if (seen.has(logic)) return;
  seen.add(logic);
  if (!isMachine(logic)) return;
  for (const [name, actor] of declaredActors(logic)) {
    if (isLive(actor)) {
      throw liveActorRefused(`"${name}" of workflow "${workflow}"`, { workflow, actor: name });
    }
    refuseLive(workflow, actor, seen);
  }
}

function* declaredActors(machine: AnyStateMachine): Iterable<[string, AnyActorLogic]> {
  for (const [name, actor] of Object.entries(machine.implementations.actors ?? {})) {
    if (isLogic(actor)) yield [name, actor];
  }
  for (const node of statesOf(machine.root)) {
    for (const { src } of [node.config.invoke ?? []].flat() as { src: unknown }[]) {
      if (isLogic(src)) yield [`inline in ${node.id}`, src];
    }
  }
}

type AnyStateNode = AnyStateMachine['root'];

function* statesOf(node: AnyStateNode): Iterable<AnyStateNode> {
  yield node;
  for (const child of Object.values(node.states) as AnyStateNode[]) yield* statesOf(child);
}
