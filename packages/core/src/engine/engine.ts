import {
  type AnyActorLogic,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type EventObject,
} from 'xstate';
import { REJECT, RESOLVE } from '../define/from-steps.js';
import { HoldfastError } from '../errors/index.js';
import { type ActorPath, pathOf } from './actor-path.js';
import { isLeaf, kindOf } from './kinds.js';
import { persist } from './persist.js';
import { placesOf } from './places.js';
import type { ActionRow, Birth, EngineState, Leaf, TimerRow } from './records.js';
import { createSystem, type InnerActor, inner, type XStateAction } from './system.js';

/** An action that is to be performed: its row, and what performs it. */
export interface PendingAction {
  readonly row: ActionRow;
  /** @throws whatever the action throws. */
  perform(): void;
}

/** What one arrival made of the tree. */
export interface Turn {
  readonly started: readonly Leaf[];
  readonly stopped: readonly Leaf[];
  readonly actions: readonly PendingAction[];
  readonly emitted: readonly EventObject[];
  readonly logged: readonly (readonly unknown[])[];
  /** Whether the state that is to be stored has changed; timers have a flag of their own. */
  readonly changed: boolean;
  readonly timersChanged: boolean;
  /** Whether some transition took the event. */
  readonly taken: boolean;
}

/** An event that an actor sent outside of a turn: from an action, or from a promise actor's body. */
export interface Message {
  readonly to: ActorPath;
  readonly incarnation: number;
  readonly event: EventObject;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface OpenTurn extends Omit<Mutable<Turn>, 'actions' | 'emitted' | 'logged' | 'started' | 'stopped'> {
  actions: { actor: AnyActorRef; action: XStateAction }[];
  emitted: EventObject[];
  logged: unknown[][];
  steps: number;
}

/** Microsteps and messages that one arrival may cause; more are taken for an endless loop. */
const MOST_STEPS = 10_000;

/**
 * XState's actors, run so that nothing they do happens: every effect becomes part of a {@link Turn}.
 *
 * Owns: the live actor tree of one run, and its timers. Never: I/O, the wall clock, the work of leaves.
 * 1. XState's own interpreter computes; its actors are given a system and scopes of ours, so that timers, messages,
 *    custom actions and the starting of leaves are collected in place of being done.
 * 2. Outside of a turn nothing changes: what actors send then is a {@link Message}, an arrival of its own.
 * 3. After an exception the tree is not to be used any more; a new one is restored from the store.
 */
export class Engine {
  readonly timers: Map<string, TimerRow>;
  readonly root: AnyActorRef;
  readonly #births: Record<ActorPath, Birth>;
  readonly #leafActors = new WeakSet<AnyActorRef>();
  readonly #onMessage: (message: Message) => void;
  #leaves = new Map<AnyActorRef, Leaf>();
  #booked: number;
  #restored = 0;
  #restoring = false;
  #now = 0;
  #turn: OpenTurn | undefined;

  private constructor(
    logic: AnyActorLogic,
    options: { input?: unknown; state?: EngineState; timers?: ReadonlyMap<string, TimerRow> },
    onMessage: (message: Message) => void,
    now: number,
  ) {
    const { input, state, timers = [] } = options;
    this.timers = new Map(timers);
    this.#births = { ...state?.births };
    this.#booked = state?.booked ?? 0;
    this.#onMessage = onMessage;
    this.#now = now;
    this.#restoring = state !== undefined;
    if (!state) this.#turn = openTurn();
    const parent = { system: this.#createSystem() } as never;
    this.root = createActor(logic, state ? { parent, snapshot: state.snapshot as never } : { parent, input });
    this.#restoring = false;
  }

  /** Makes the tree of a new run. */
  static start(
    logic: AnyActorLogic,
    input: unknown,
    now: number,
    onMessage: (message: Message) => void,
  ): { engine: Engine; turn: Turn } {
    const engine = new Engine(logic, { input }, onMessage, now);
    const turn = engine.#take(now, () => engine.#startRoot());
    return { engine, turn };
  }

  /** Makes the tree of a stored run; no effect of the past is repeated. */
  static restore(
    logic: AnyActorLogic,
    state: EngineState,
    timers: ReadonlyMap<string, TimerRow>,
    onMessage: (message: Message) => void,
  ): Engine {
    const engine = new Engine(logic, { state, timers }, onMessage, 0);
    if (state.snapshot.status !== 'active') return engine;
    engine.#restoring = true;
    engine.#startRoot();
    engine.#restoring = false;
    engine.#leaves = engine.#findLeaves();
    return engine;
  }

  /** Gives an event to the actor at `to`; if another incarnation is there by now, it is dropped, as in XState. */
  deliver({ to, incarnation, event }: Message, now: number): Turn {
    return this.#take(now, () => {
      const actor = this.#find(to, incarnation);
      if (actor) this.#relay(actor, event);
    });
  }

  /** Tells how a leaf's work ended. A leaf that has been left in the meantime takes no notice. */
  settle(leaf: { path: ActorPath; incarnation: number }, outcome: Outcome, now: number): Turn {
    const event = 'error' in outcome ? { type: REJECT, data: outcome.error } : { type: RESOLVE, data: outcome.output };
    return this.deliver({ to: leaf.path, incarnation: leaf.incarnation, event }, now);
  }

  /** Lets the timer of that key go off; it is gone then. */
  fire(key: string, now: number): Turn {
    const timer = this.timers.get(key);
    this.timers.delete(key);
    const turn = timer
      ? this.deliver({ to: timer.to, incarnation: timer.incarnation, event: timer.event }, now)
      : this.#take(now, () => {});
    return { ...turn, timersChanged: true };
  }

  /** Takes the error path of an actor whose action threw. */
  fail(path: ActorPath, error: unknown, now: number): Turn {
    return this.#take(now, () => {
      const actor = this.#find(path);
      if (!actor || inner(actor)._snapshot.status !== 'active') return;
      inner(actor)._snapshot = { ...inner(actor)._snapshot, status: 'error', error } as InnerActor['_snapshot'];
      inner(actor)._error(error);
      (this.#turn as OpenTurn).changed = true;
    });
  }

  /** Leaves whose work is to be under way. */
  get leaves(): readonly Leaf[] {
    return [...this.#leaves.values()];
  }

  /** What a leaf works with; undefined when it has been left. */
  leafActor({ path, incarnation }: { path: ActorPath; incarnation: number }): AnyActorRef | undefined {
    return this.#find(path, incarnation);
  }

  /** What is to be stored of the tree now. Shares its values with the live tree: encode it at once. */
  state(): EngineState {
    return { snapshot: persist(this.root), booked: this.#booked, births: { ...this.#births } };
  }

  /** The action of a stored row; undefined when this code no longer has it. */
  resolveAction(row: ActionRow): PendingAction | undefined {
    const actor = this.#find(row.actor);
    const machine = (actor ? inner(actor)._snapshot.machine : undefined) as AnyStateMachine | undefined;
    if (!actor || !machine) return undefined;
    const exec =
      row.place === undefined ? machine.implementations.actions[row.type] : placesOf(machine).at.get(row.place);
    if (typeof exec !== 'function') return undefined;
    const context = 'context' in row ? row.context : (actor.getSnapshot() as AnyMachineSnapshot).context;
    const info = { context, event: row.event, self: actor, system: actor.system };
    return { row, perform: () => void exec(info, row.params) };
  }

  #createSystem() {
    const bookId = () => (this.#restoring ? `restored:${this.#restored++}` : `x:${this.#booked++}`);
    return createSystem(
      {
        born: (actor) => this.#adopt(actor),
        changed: () => {
          if (this.#turn) this.#turn.changed = true;
        },
        stepped: (taken) => this.#count(taken),
        relay: (target, event) => this.#relay(target, event),
        schedule: (source, target, event, delayMs, id) => this.#schedule(source, target, event, delayMs, id),
        cancel: (source, id) => this.#cancel((key) => key === timerKey(source, id)),
        cancelAll: (source) => this.#cancel((key) => key.startsWith(timerKey(source, ''))),
        log: (...args) => this.#turn?.logged.push(args),
      },
      bookId,
    );
  }

  /** Takes over an actor at its birth, before its initial snapshot is computed. */
  #adopt(actor: AnyActorRef): void {
    const its = inner(actor);
    const parent = its._parent as Partial<AnyActorRef>;
    if (parent.sessionId === undefined) its._parent = undefined;
    const logic = its.logic as AnyActorLogic;
    this.#refuseLive(actor, logic);
    if (!this.#restoring) this.#countBirth(pathOf(actor));
    if (isLeaf(logic)) {
      this.#leafActors.add(actor);
      its.logic = Object.create(logic, { start: { value: undefined } });
    }
    its._actorScope.emit = (event) => this.#turn?.emitted.push(event);
    its._actorScope.actionExecutor = (action) => {
      if (its._processingStatus === 1) this.#execute(actor, action);
      else its._deferred.push(() => this.#execute(actor, action));
    };
  }

  #refuseLive(actor: AnyActorRef, logic: AnyActorLogic): void {
    const inline = inner(actor)._parent !== undefined && typeof actor.src !== 'string';
    if (!inline && kindOf(logic) !== 'live') return;
    throw new HoldfastError('ACTOR_NOT_DURABLE', {
      message: inline
        ? `Actor "${actor.id}" was spawned from inline logic, which can't be found again after a crash.`
        : `Actor "${actor.id}" is a callback or observable actor, which can't go on after a crash.`,
      remedy: inline
        ? 'Name its logic in setup({ actors }), and spawn it by that name.'
        : 'Make it a step function (fromSteps) or a promise actor.',
      details: { actor: actor.id },
    });
  }

  #countBirth(path: ActorPath): void {
    this.#births[path] = { incarnation: (this.#births[path]?.incarnation ?? 0) + 1, at: this.#now };
  }

  #execute(actor: AnyActorRef, action: XStateAction): void {
    if (action.type.startsWith('xstate.')) action.exec?.(action.info, action.params);
    else if (action.exec) this.#turn?.actions.push({ actor, action });
  }

  #relay(target: AnyActorRef, event: EventObject): void {
    if (this.#restoring) return;
    if (this.#turn) {
      this.#count(false);
      inner(target)._send(event);
    } else {
      const to = pathOf(target);
      this.#onMessage({ to, incarnation: this.#incarnation(to), event });
    }
  }

  #count(taken: boolean): void {
    const turn = this.#turn;
    if (!turn) return;
    turn.taken ||= taken;
    if (++turn.steps <= MOST_STEPS) return;
    throw new HoldfastError('NO_QUIESCENCE', {
      message: `One event caused more than ${MOST_STEPS} microsteps and messages.`,
      remedy: 'Look for `always` transitions or actors which answer each other without end.',
    });
  }

  #schedule(source: AnyActorRef, target: AnyActorRef, event: EventObject, delayMs: number, id?: string): void {
    const to = pathOf(target);
    const key = timerKey(source, id ?? `:${this.#booked++}`);
    this.timers.set(key, { at: this.#now + delayMs, to, incarnation: this.#incarnation(to), event });
    if (this.#turn) this.#turn.timersChanged = true;
  }

  #cancel(matches: (key: string) => boolean): void {
    for (const key of this.timers.keys()) {
      if (!matches(key)) continue;
      this.timers.delete(key);
      if (this.#turn) this.#turn.timersChanged = true;
    }
  }

  #startRoot(): void {
    this.root.subscribe({ error() {} });
    this.root.start();
  }

  #take(now: number, work: () => void): Turn {
    const open = this.#turn ?? openTurn();
    this.#turn = open;
    this.#now = now;
    try {
      work();
      return this.#close(open);
    } finally {
      this.#turn = undefined;
    }
  }

  #close(open: OpenTurn): Turn {
    const before = this.#leaves;
    this.#leaves = this.#findLeaves();
    const { actions, changed, timersChanged, taken, emitted, logged } = open;
    return {
      started: [...this.#leaves].filter(([actor]) => !before.has(actor)).map(([, leaf]) => leaf),
      stopped: [...before].filter(([actor]) => !this.#leaves.has(actor)).map(([, leaf]) => leaf),
      actions: actions.map(({ actor, action }) => this.#toPending(actor, action)),
      changed,
      timersChanged,
      taken,
      emitted,
      logged,
    };
  }

  #toPending(actor: AnyActorRef, { type, info, params, exec }: XStateAction): PendingAction {
    const { machine, context } = actor.getSnapshot() as AnyMachineSnapshot;
    const named = machine.implementations.actions[type] === exec;
    const place = named ? undefined : placesOf(machine).of.get(exec);
    const row: ActionRow = {
      actor: pathOf(actor),
      type,
      event: info.event,
      ...(place === undefined ? {} : { place }),
      ...(params === undefined ? {} : { params }),
      ...(info.context === context ? {} : { context: info.context }),
    };
    return { row, perform: () => void exec?.(info, params) };
  }

  #findLeaves(): Map<AnyActorRef, Leaf> {
    const leaves = new Map<AnyActorRef, Leaf>();
    const visit = (actor: AnyActorRef) => {
      const { status, children = {} } = inner(actor)._snapshot;
      if (status !== 'active') return;
      if (this.#leafActors.has(actor)) leaves.set(actor, this.#toLeaf(actor));
      for (const child of Object.values(children)) visit(child);
    };
    visit(this.root);
    return leaves;
  }

  #toLeaf(actor: AnyActorRef): Leaf {
    const path = pathOf(actor);
    const { incarnation, at } = this.#births[path] ?? { incarnation: 1, at: 0 };
    return { path, incarnation, bornAt: at };
  }

  #incarnation(path: ActorPath): number {
    return this.#births[path]?.incarnation ?? 1;
  }

  #find(path: ActorPath, incarnation = this.#incarnation(path)): AnyActorRef | undefined {
    if (incarnation !== this.#incarnation(path)) return undefined;
    let actor: AnyActorRef | undefined = this.root;
    for (const id of path === '' ? [] : path.split('/')) {
      actor = actor && inner(actor)._snapshot.children?.[decodeURIComponent(id)];
    }
    return actor;
  }
}

/** How a leaf's work ended. */
export type Outcome = { readonly output: unknown } | { readonly error: unknown };

function openTurn(): OpenTurn {
  return { actions: [], emitted: [], logged: [], changed: false, timersChanged: false, taken: false, steps: 0 };
}

function timerKey(source: AnyActorRef, id: string): string {
  return `${pathOf(source)}|${id}`;
}
