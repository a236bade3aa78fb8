import type { AnyActorLogic } from 'xstate';
import { isMachine, kindOf } from '../engine/kinds.js';

const known = new WeakMap<AnyActorLogic, string>();

/**
 * A hash of what of a workflow's logic stored runs depend on: states, transitions, invokes, delays, actors, and the
 * names of guards and actions. Functions count as such, not by their source, so that it is the same whatever a minifier
 * or an engine makes of the code; a step function's steps can't be seen in it.
 */
export function definitionHash(logic: AnyActorLogic): string {
  const hash = known.get(logic) ?? hashOf(JSON.stringify(ofLogic(logic, [])));
  known.set(logic, hash);
  return hash;
}

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type Config = Readonly<Record<string, unknown>>;

/** @param above machines that this one is part of: they may name each other. */
function ofLogic(logic: AnyActorLogic, above: readonly AnyActorLogic[]): Json {
  if (!isMachine(logic)) return kindOf(logic);
  const depth = above.indexOf(logic);
  if (depth >= 0) return { above: above.length - depth };
  const inside = [...above, logic];
  const { actors, delays } = logic.implementations as unknown as Record<'actors' | 'delays', Config | undefined>;
  return {
    root: ofState(logic.config as Config, inside),
    id: logic.id,
    actors: ofRecord(actors, (actor) => (isLogic(actor) ? ofLogic(actor, inside) : 'unknown')),
    delays: ofRecord(delays, (delay) => (typeof delay === 'number' ? delay : 'inline')),
  };
}

function ofState(config: Config, above: readonly AnyActorLogic[]): Json {
  return {
    ...ofText(config, 'id', 'type', 'history'),
    initial: ofTransitions(config.initial),
    entry: ofActions(config.entry),
    exit: ofActions(config.exit),
    always: ofTransitions(config.always),
    done: ofTransitions(config.onDone),
    target: ofTransitions(config.target),
    on: ofRecord(config.on, ofTransitions),
    after: ofRecord(config.after, ofTransitions),
    invoke: list(config.invoke).map((invoke) => ofInvoke(invoke as Config, above)),
    states: ofRecord(config.states, (state) => ofState(state as Config, above)),
  };
}

function ofInvoke(invoke: Config, above: readonly AnyActorLogic[]): Json {
  const { src, onDone, onError, onSnapshot } = invoke;
  return {
    ...ofText(invoke, 'id', 'systemId'),
    src: isLogic(src) ? ofLogic(src, above) : String(src),
    done: ofTransitions(onDone),
    error: ofTransitions(onError),
    snapshot: ofTransitions(onSnapshot),
  };
}

function ofTransitions(transitions: unknown): Json {
  return list(transitions).map((transition): Json => {
    if (typeof transition === 'string') return { target: [transition] };
    const { target, guard, actions, reenter = false } = transition as Config;
    return {
      target: list(target).map(nameOf),
      guard: guard === undefined ? null : nameOf(guard),
      actions: ofActions(actions),
      reenter: reenter === true,
    };
  });
}

function ofActions(actions: unknown): Json {
  return list(actions).map(nameOf);
}

/** The name of a guard or an action, or the id of a target. */
function nameOf(thing: unknown): string {
  if (typeof thing === 'string') return thing;
  if (typeof thing === 'function') return 'inline';
  const { type, id } = thing as { type?: unknown; id?: unknown };
  return String(id ?? type);
}

function ofText(config: Config, ...names: string[]): { [name: string]: Json } {
  return Object.fromEntries(
    names.flatMap((name) => (config[name] === undefined ? [] : [[name, String(config[name])]])),
  );
}

/** In the order of its keys, so that another order in the source is no other structure. */
function ofRecord(record: unknown, change: (part: unknown) => Json): Json {
  const entries = Object.entries((record ?? {}) as Config).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, change(part)]));
}

function list(part: unknown): readonly unknown[] {
  return part === undefined ? [] : [part].flat();
}

function isLogic(thing: unknown): thing is AnyActorLogic {
  return typeof thing === 'object' && thing !== null && 'transition' in thing;
}

/** cyrb53 (github.com/bryc/code): not for secrets, and there is no synchronous hash in browsers. */
function hashOf(text: string): string {
  let [h1, h2] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    h1 = Math.imul(h1 ^ code, 2654435761);
    h2 = Math.imul(h2 ^ code, 1597334677);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return (4294967296 * (2097151 & h2) + (h1 >>> 0)).toString(36);
}
