import type { AnyActorRef, AnyStateMachine, EventObject } from 'xstate';

/** An action as XState hands it to an actor's executor. */
export interface XStateAction {
  readonly type: string;
  readonly info: { context: unknown; event: EventObject; self: AnyActorRef; system: unknown };
  readonly params: unknown;
  readonly exec?: (info: unknown, params: unknown) => unknown;
}

export type AnyStateNode = AnyStateMachine['root'];

/** A transition as XState tells it to an inspector. */
export interface TakenTransition {
  readonly source: AnyStateNode;
  readonly target: readonly AnyStateNode[] | undefined;
  readonly reenter: boolean;
}

/** The parts of an actor that the engine touches beyond XState's documented surface; contract-tested. */
export interface InnerActor {
  logic: object;
  _snapshot: {
    status: string;
    children?: Record<string, AnyActorRef>;
    machine?: unknown;
    context?: unknown;
    input?: unknown;
    output?: unknown;
    error?: unknown;
  };
  _parent: unknown;
  _processingStatus: 0 | 1 | 2;
  _deferred: (() => void)[];
  _syncSnapshot?: boolean;
  /** In XState 5.19; `systemId` in later ones. */
  _systemId?: string;
  options: { snapshot?: { value?: unknown } };
  _actorScope: {
    actionExecutor(action: XStateAction): void;
    emit(event: EventObject): void;
    logger: (...args: unknown[]) => void;
  };
  _send(event: EventObject): void;
  _error(error: unknown): void;
}

export function inner(actor: AnyActorRef): InnerActor {
  return actor as unknown as InnerActor;
}

/** What the engine does when XState's actors turn to their system. */
export interface SystemHandlers {
  /** An actor is being made; its initial snapshot is not computed yet. */
  born(actor: AnyActorRef): void;
  /** An actor's snapshot was replaced. */
  changed(): void;
  /** A microstep was taken, of these transitions; throws to stop an endless one. Undefined: a reducer's transition. */
  stepped(actor: AnyActorRef, transitions: readonly TakenTransition[] | undefined): void;
  /** An event for `target`, now. Live actors name themselves as `source`, and so do actors in a transition. */
  relay(source: AnyActorRef | undefined, target: AnyActorRef, event: EventObject): void;
  schedule(source: AnyActorRef, target: AnyActorRef, event: EventObject, delayMs: number, id: string | undefined): void;
  cancel(source: AnyActorRef, id: string): void;
  cancelAll(source: AnyActorRef): void;
  log(...args: unknown[]): void;
}

interface Inspection {
  readonly type: string;
  readonly actorRef: AnyActorRef;
  readonly _transitions?: readonly TakenTransition[];
}

/**
 * The actor system handed to XState in place of its own, through the parent of the root actor. Every effect of an
 * XState actor but custom actions goes through its system, so this is where effects become data.
 *
 * @param bookId gives the next session id; a child spawned without an id is named by it.
 */
export function createSystem(handlers: SystemHandlers, bookId: () => string) {
  const keyed = new Map<string, AnyActorRef>();
  const keys = new Map<AnyActorRef, string>();
  const inspect = ({ type, actorRef, _transitions }: Inspection) => {
    if (type === '@xstate.actor') handlers.born(actorRef);
    else if (type === '@xstate.snapshot') handlers.changed();
    else if (type === '@xstate.microstep') handlers.stepped(actorRef, _transitions);
  };
  return {
    _bookId: bookId,
    _register: (sessionId: string) => sessionId,
    _unregister(actor: AnyActorRef) {
      const key = keys.get(actor);
      if (key === undefined) return;
      keys.delete(actor);
      keyed.delete(key);
    },
    _set(key: string, actor: AnyActorRef) {
      const existing = keyed.get(key);
      if (existing && existing !== actor) throw new Error(`Actor with system ID '${key}' already exists.`);
      keyed.set(key, actor);
      keys.set(actor, key);
    },
    get: (key: string) => keyed.get(key),
    getAll: () => Object.fromEntries(keyed),
    inspect: () => ({ unsubscribe() {} }),
    _sendInspectionEvent: inspect,
    _relay: handlers.relay,
    scheduler: {
      schedule: handlers.schedule,
      cancel: handlers.cancel,
      cancelAll: handlers.cancelAll,
    },
    getSnapshot: () => ({ _scheduledEvents: {} }),
    start() {},
    _snapshot: { _scheduledEvents: {} },
    _logger: handlers.log,
    _clock: { setTimeout: () => 0, clearTimeout: () => undefined },
  };
}
