import { type AnyActorLogic, type AnyActorRef, createActor, type EventObject } from 'xstate';
import { CONTINUE } from '../define/steps-logic.js';
import type { Workflow } from '../define/workflow.js';
import { carryRow, type PendingAction, resolveRow, toDelivery, toRow } from './action-rows.js';
import { type ActorPath, pathOf } from './actor-path.js';
import { ActorTree, fileUnnamed } from './actor-tree.js';
import { collectEffects, refuseUnfit } from './adoption.js';
import { isLeaf, isMachine } from './kinds.js';
import { livePartOf } from './live.js';
import { persist } from './persist.js';
import { placesOf } from './places.js';
import { reconcile } from './reconcile.js';
import type { ActionRow, EngineState, Leaf, TimerRow } from './records.js';
import { type ActorAddress, addressOf, bindRefs, setIncarnation } from './refs.js';
import { createSystem, type InnerActor, inner, type TakenTransition } from './system.js';
import { timerKey, timerPrefix } from './timer-keys.js';
import {
  countStep,
  endOf,
  type Given,
  type Message,
  type OpenTurn,
  type Outcome,
  openTurn,
  type Performed,
  type Turn,
} from './turn.js';
import { nodesOf, VisitBook } from './visits.js';

/** What the engine must know of a workflow. */
type Definition = Pick<Workflow, 'logic' | 'liveActors'>;

/** As XState names a root that is given no id. */
const ROOT_ID = 'x:0';

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
  readonly #tree: ActorTree;
  readonly #visits: VisitBook;
  readonly #leafActors = new WeakSet<AnyActorRef>();
  readonly #liveActors: Definition['liveActors'];
  readonly #onMessage: (message: Message) => void;
  #leaves = new Map<AnyActorRef, Leaf>();
  /** The same as a list, made when it is asked for: it is looked at several times a checkpoint. */
  #listed: readonly Leaf[] | undefined;
  #booked: number;
  #restored = 0;
  #restoring = false;
  #now = 0;
  #turn: OpenTurn | undefined;

  private constructor(
    { logic, liveActors }: Definition,
    options: { input?: unknown; state?: EngineState; timers?: ReadonlyMap<string, TimerRow> },
    onMessage: (message: Message) => void,
    now: number,
  ) {
    const { input, state, timers = [] } = options;
    this.timers = new Map(timers);
    this.#tree = new ActorTree(state?.births);
    this.#visits = new VisitBook(state?.visits);
    this.#booked = state?.booked ?? 0;
    this.#liveActors = liveActors;
    this.#onMessage = onMessage;
    this.#now = now;
    this.#restoring = state !== undefined;
    if (!state) this.#turn = openTurn();
    const shared = { id: ROOT_ID, parent: { system: this.#createSystem() } as never };
    this.root = createActor(logic, state ? { ...shared, snapshot: state.snapshot as never } : { ...shared, input });
    this.#tree.root = this.root;
    this.#restoring = false;
    const events = [...this.timers.values()].map(({ event }) => event);
    if (state) this.#tree.bindAll(state, events);
  }

  /** Makes the tree of a new run. */
  static start(
    definition: Definition,
    input: unknown,
    now: number,
    onMessage: (message: Message) => void,
  ): { engine: Engine; turn: Turn } {
    const engine = new Engine(definition, { input }, onMessage, now);
    const turn = engine.#take(now, () => engine.#startRoot());
    return { engine, turn };
  }

  /** Makes the tree of a stored run; no effect of the past is repeated. */
  static restore(
    definition: Definition,
    state: EngineState,
    timers: ReadonlyMap<string, TimerRow>,
    onMessage: (message: Message) => void,
  ): Engine {
    const engine = new Engine(definition, { state, timers }, onMessage, 0);
    if (state.snapshot.status !== 'active') return engine;
    engine.#restoring = true;
    engine.#startRoot();
    engine.#restoring = false;
    engine.#look();
    return engine;
  }

  /** Gives an event to the actor at `to`; if another incarnation is there by now, it is dropped, as in XState. */
  deliver({ to, incarnation, event, from }: Message, now: number): Turn {
    return this.#take(now, () => {
      const actor = this.#tree.find(to, incarnation);
      if (actor && (!from || this.#isLeaf(from))) this.#relay(undefined, actor, event);
    });
  }

  /** Tells how a leaf's work ended. */
  settle(leaf: ActorAddress, outcome: Outcome, now: number): Turn {
    return this.deliver(endOf(leaf, outcome), now);
  }

  /** Gives a step function the input of its next life, with which it is to begin anew. */
  continueWith(leaf: Leaf, input: unknown, now: number): Turn {
    const turn = this.#take(now, () => {
      const actor = this.#tree.find(leaf.path, leaf.incarnation) as AnyActorRef;
      this.#tree.countLife(leaf, now);
      this.#leaves.delete(actor);
      this.#relay(undefined, actor, { type: CONTINUE, data: input } as EventObject);
    });
    return { ...turn, stopped: [leaf, ...turn.stopped] };
  }

  /** Stops all actors: the root is not active any more. */
  stop(now: number): Turn {
    return this.#take(now, () => this.root.stop());
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

  /** Takes over a tree that another definition wrote. @param pending actions of before: they stay to be performed. */
  reconcile(pending: readonly PendingAction[], now: number): Turn {
    const { timers } = this;
    const relay = (actor: AnyActorRef, event: EventObject) => this.#relay(undefined, actor, event);
    const owners = pending.map(({ row }) => (row.sources ? undefined : this.#tree.find(row.actor)));
    const contexts = owners.map((actor) => actor && inner(actor)._snapshot.context);
    const turn = this.#take(now, () => reconcile(this.root, { timers, visits: this.#visits, now, relay }));
    const carried = pending.map((action, index) => {
      const gone = this.#tree.find(action.row.actor) !== owners[index];
      return { ...action, row: carryRow(action.row, owners[index], contexts[index], gone) };
    });
    return { ...turn, actions: [...carried, ...turn.actions], changed: true, timersChanged: true };
  }

  /**
   * Takes the error path of an actor whose action threw. A root that this transition brought to its end has failed all
   * the same; of another actor that has ended, the parent has been told already.
   */
  fail(path: ActorPath, error: unknown, now: number): Turn {
    return this.#take(now, () => {
      const actor = this.#tree.find(path) as AnyActorRef;
      const status = actor && inner(actor)._snapshot.status;
      if (status !== 'active' && !(status === 'done' && actor === this.root)) return;
      const failed = { ...inner(actor)._snapshot, status: 'error', output: undefined, error };
      inner(actor)._snapshot = failed as InnerActor['_snapshot'];
      if (status === 'active') inner(actor)._error(error);
      (this.#turn as OpenTurn).changed = true;
    });
  }

  /** Whether the root goes on. */
  get active(): boolean {
    return inner(this.root)._snapshot.status === 'active';
  }

  /** Leaves whose work is to be under way. */
  get leaves(): readonly Leaf[] {
    this.#listed ??= [...this.#leaves.values()];
    return this.#listed;
  }

  /** What a leaf works with; undefined when it has been left, or has begun its next life. */
  leafActor({ path, incarnation, life }: Pick<Leaf, 'path' | 'incarnation' | 'life'>): AnyActorRef | undefined {
    return life === this.#tree.lifeAt(path) ? this.#tree.find(path, incarnation) : undefined;
  }

  /** What is to be stored of the tree now. Shares its values with the live tree: encode it at once. */
  state(): EngineState {
    return {
      snapshot: persist(this.root),
      booked: this.#booked,
      births: this.#tree.births,
      visits: this.#visits.toJSON(),
    };
  }

  /** The action of a stored row; undefined when this code no longer has it. */
  resolveAction(row: ActionRow): PendingAction | undefined {
    const actor = row.sources ? undefined : this.#tree.find(row.actor, row.incarnation);
    const bound = bindRefs({ ...row }, (ref) => this.#tree.bind(ref));
    return resolveRow(bound, actor ?? this.#tree.absent(row.actor), this.root);
  }

  /** A stored message with the actors themselves in place of references to them. */
  bind(message: Message): Message {
    return bindRefs(message, (ref) => this.#tree.bind(ref));
  }

  #createSystem() {
    const bookId = () => (this.#restoring ? `restored:${this.#restored++}` : `x:${this.#booked++}`);
    return createSystem(
      {
        born: (actor) => this.#adopt(actor),
        changed: () => {
          if (this.#turn) this.#turn.changed = true;
        },
        stepped: (actor, transitions) => this.#stepped(actor, transitions),
        relay: (source, target, event) => this.#relay(source, target, event),
        schedule: (source, target, event, delayMs, id) => this.#schedule(source, target, event, delayMs, id),
        cancel: (source, id) => this.#cancel((key) => key === timerKey(source, id)),
        cancelAll: (source) => this.#cancel((key) => key.startsWith(timerPrefix(source))),
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
    refuseUnfit(actor, logic, this.#liveActors);
    const path = pathOf(actor);
    if (!this.#restoring) {
      this.#tree.countBirth(path, this.#now);
      this.#visits.forget(path);
    }
    setIncarnation(actor, this.#tree.incarnationAt(path));
    this.#turn?.born.push(actor);
    if (this.#restoring && isMachine(logic) && !('value' in (its.options.snapshot ?? {}))) {
      its.logic = Object.create(logic, { restoreSnapshot: { value: (snapshot: unknown) => snapshot } });
    }
    if (isMachine(logic)) placesOf(logic);
    if (isLeaf(logic)) this.#leafActors.add(actor);
    collectEffects(actor, logic, () => this.#turn);
  }

  #relay(source: AnyActorRef | undefined, target: AnyActorRef, event: EventObject): void {
    if (this.#restoring) return;
    if (this.#turn) {
      countStep(this.#turn, false);
      inner(target)._send(event);
      return;
    }
    if (source && !this.#leaves.has(source)) return;
    const { path, incarnation } = addressOf(target);
    this.#onMessage({ to: path, incarnation, event, ...(source ? { from: addressOf(source) } : {}) });
  }

  #stepped(actor: AnyActorRef, transitions: readonly TakenTransition[] | undefined): void {
    if (!this.#turn) return;
    countStep(this.#turn, transitions === undefined || transitions.length > 0);
    if (transitions) this.#visits.leave(pathOf(actor), nodesOf(actor), transitions);
  }

  #schedule(source: AnyActorRef, target: AnyActorRef, event: EventObject, delayMs: number, id?: string): void {
    const key = timerKey(source, id ?? `:${this.#booked++}`);
    if (delayMs === Infinity) return;
    const { path, incarnation } = addressOf(target);
    this.timers.set(key, { at: this.#now + (delayMs > 0 ? delayMs : 0), to: path, incarnation, event });
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
    for (const actor of open.born) fileUnnamed(actor);
    const before = this.#leaves;
    this.#look();
    if (open.changed || open.born.length > 0) this.#visits.update(this.#tree.machines(), this.#now);
    const { actions, mail, timersChanged, taken, emitted, logged } = open;
    const changed = open.changed || inner(this.root)._snapshot.status === 'error';
    return {
      started: [...this.#leaves].filter(([actor]) => !before.has(actor)).map(([, leaf]) => leaf),
      stopped: [...before].filter(([actor]) => !this.#leaves.has(actor)).map(([, leaf]) => leaf),
      actions: actions.flatMap((action) => this.#toPending(action) ?? []),
      mail: mail.flatMap(({ actor, event }) => {
        const leaf = this.#leaves.get(actor);
        return leaf ? { leaf, event } : [];
      }),
      changed,
      timersChanged,
      taken,
      emitted,
      logged,
    };
  }

  #toPending(pending: Performed | Given): PendingAction | undefined {
    const { actor } = pending;
    if ('event' in pending) {
      if (this.#leaves.has(actor)) return toDelivery(actor, pending.event);
      livePartOf(actor)?.keep(pending.event);
      return undefined;
    }
    const { action, origin } = pending;
    const { path, incarnation } = addressOf(actor);
    const gone = this.#tree.find(path, incarnation) !== actor;
    return { row: toRow(actor, action, gone, origin), perform: () => void action.exec?.(action.info, action.params) };
  }

  #look(): void {
    const leaves = [...this.#tree.active()].filter((actor) => this.#leafActors.has(actor));
    this.#leaves = new Map(leaves.map((actor) => [actor, this.#tree.toLeaf(actor)]));
    this.#listed = undefined;
  }

  #isLeaf({ path, incarnation }: ActorAddress): boolean {
    const actor = this.#tree.find(path, incarnation);
    return actor !== undefined && this.#leaves.has(actor);
  }
}
