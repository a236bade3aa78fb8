import { type AnyActorRef, type AnyStateMachine, type EventObject, spawnChild, stopChild } from 'xstate';
import { pathOf } from './actor-path.js';
import type { TimerRow, Visit } from './records.js';
import { addressOf } from './refs.js';
import { type AnyStateNode, type InnerActor, inner } from './system.js';
import { timerKey, timerPrefix } from './timer-keys.js';
import { aftersOf, enter, nodesOf, type VisitBook } from './visits.js';

/** What of an engine takes part in a reconciliation. */
export interface Reconciled {
  readonly timers: Map<string, TimerRow>;
  readonly visits: VisitBook;
  /** Instant (ms). */
  readonly now: number;
  relay(actor: AnyActorRef, event: EventObject): void;
}

/** XState's own name for what is not caused by an event; it lets a machine take its `always` transitions. */
const INIT = { type: 'xstate.init' };
const ACTIVE = 1;

/**
 * Brings a tree that another definition wrote in line with this one, as if its states had been entered under this one
 * when they were: `after` timers, invoked actors, `always`. What is known of the past holds: a timer that went off and
 * an actor that ended are not set up again. Entry actions are not run: they belong to a transition, and there was none.
 */
export function reconcile(root: AnyActorRef, engine: Reconciled): void {
  dropOrphans(root, engine.timers);
  const woken: AnyActorRef[] = [];
  const visit = (actor: AnyActorRef) => {
    if (inner(actor)._processingStatus !== ACTIVE || inner(actor)._snapshot.status !== 'active') return;
    if ('_nodes' in actor.getSnapshot() && reconcileMachine(actor, engine)) woken.push(actor);
    for (const child of Object.values(inner(actor)._snapshot.children ?? {})) visit(child);
  };
  visit(root);
  for (const actor of woken) if (inner(actor)._processingStatus === ACTIVE) engine.relay(actor, INIT);
}

/** Removes the timers of actors that are no more. */
function dropOrphans(root: AnyActorRef, timers: Map<string, TimerRow>): void {
  const prefixes = new Set<string>();
  const visit = (actor: AnyActorRef) => {
    prefixes.add(timerPrefix(actor));
    for (const child of Object.values(inner(actor)._snapshot.children ?? {})) visit(child);
  };
  visit(root);
  for (const key of timers.keys()) if (!prefixes.has(key.slice(0, key.indexOf('|') + 1))) timers.delete(key);
}

/** True when the machine has something to do that only its own interpreter can. */
function reconcileMachine(actor: AnyActorRef, engine: Reconciled): boolean {
  const path = pathOf(actor);
  const known = engine.visits.of(path);
  const nodes = nodesOf(actor);
  reconcileTimers(actor, known, engine);
  const changed = reconcileInvokes(actor, known);
  const visits = nodes.map((node) => [node.id, enter(node, known[node.id]?.at ?? engine.now)] as const);
  engine.visits.set(path, Object.fromEntries(visits));
  return changed || nodes.some(({ always }) => always !== undefined);
}

type Known = Readonly<Record<string, Visit>>;

function reconcileTimers(actor: AnyActorRef, known: Known, { timers, now }: Reconciled): void {
  const { path: to, incarnation } = addressOf(actor);
  const expected = new Set<string>();
  for (const node of nodesOf(actor)) {
    const visit = known[node.id];
    const since = visit?.at ?? now;
    for (const { id, delay } of aftersOf(node)) {
      const key = timerKey(actor, id);
      const kept = visit?.afters?.includes(id) === true;
      // One that depends on the context, or went off, stays as it is.
      const delayMs = kept && !timers.has(key) ? undefined : delayOf(actor, delay, kept);
      if (delayMs !== undefined && delayMs !== Infinity) {
        timers.set(key, { at: since + Math.max(delayMs, 0), to, incarnation, event: { type: id } });
      }
      if (delayMs !== Infinity) expected.add(key);
    }
  }
  const afters = timerKey(actor, 'xstate.after.');
  for (const key of timers.keys()) if (key.startsWith(afters) && !expected.has(key)) timers.delete(key);
}

/** Undefined: it depends on the context, and only the one of its state's entry would give the same again. */
function delayOf(actor: AnyActorRef, delay: number | string, kept: boolean): number | undefined {
  if (typeof delay === 'number') return delay;
  const { implementations } = inner(actor)._snapshot.machine as AnyStateMachine;
  const named = (implementations.delays as Record<string, unknown>)[delay];
  if (typeof named !== 'function') return typeof named === 'number' ? named : 0;
  return kept ? undefined : (named(argsOf(actor), undefined) as number);
}

function reconcileInvokes(actor: AnyActorRef, known: Known): boolean {
  const wanted = nodesOf(actor).flatMap((node) => node.invoke.map((invoke) => ({ invoke, visit: known[node.id] })));
  const ids = new Set(wanted.map(({ invoke }) => invoke.id));
  const gone = Object.values(known).flatMap(({ invokes = [] }) => invokes.filter((id) => !ids.has(id)));
  for (const id of gone) stop(actor, id);
  let changed = gone.length > 0;
  for (const { invoke, visit } of wanted) {
    const child = inner(actor)._snapshot.children?.[invoke.id];
    const began = visit?.invokes?.includes(invoke.id) === true;
    if (child && inner(child)._snapshot.status === 'active' ? child.src === invoke.src : began) continue;
    stop(actor, invoke.id);
    start(actor, invoke);
    changed = true;
  }
  return changed;
}

function start(actor: AnyActorRef, invoke: AnyStateNode['invoke'][number]): void {
  const { src, id, systemId, input, onSnapshot } = invoke;
  const options = { id, systemId, input, syncSnapshot: onSnapshot !== undefined };
  apply(actor, spawnChild(src, options as never) as unknown as BuiltinAction);
}

function stop(actor: AnyActorRef, id: string): void {
  const child = inner(actor)._snapshot.children?.[id];
  if (child) apply(actor, stopChild(child) as unknown as BuiltinAction);
}

/** The two halves of an action of XState's own: what it makes of the snapshot, and what it does. */
interface BuiltinAction {
  readonly type: string;
  resolve(
    scope: unknown,
    snapshot: unknown,
    args: object,
    params: undefined,
    action: unknown,
    extra: { internalQueue: EventObject[] },
  ): [snapshot: InnerActor['_snapshot'], params: unknown, actions: undefined];
  execute(scope: unknown, params: unknown): void;
}

/** Performs an action as a transition of that machine would: what it starts and stops waits until the machine moves. */
function apply(actor: AnyActorRef, action: BuiltinAction): void {
  const its = inner(actor);
  const args = argsOf(actor);
  const [snapshot, params] = action.resolve(its._actorScope, its._snapshot, args, undefined, action, {
    internalQueue: [],
  });
  its._snapshot = snapshot;
  its._actorScope.actionExecutor({
    type: action.type,
    info: args,
    params,
    exec: () => action.execute(its._actorScope, params),
  });
}

function argsOf(actor: AnyActorRef) {
  return { context: inner(actor)._snapshot.context, event: INIT, self: actor, system: actor.system };
}
