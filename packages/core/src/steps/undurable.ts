import type { AnyActorRef, EventObject } from 'xstate';
import { CONTINUE, type StepsLogic } from '../define/steps-logic.js';
import type { Outcome } from '../engine/index.js';
import type { Clock, Connectivity } from '../host/ports.js';
import { StepsExecution } from './execution.js';
import type { Mail } from './mail.js';
import { uuidFrom } from './random.js';
import { misused, noTransaction } from './refusals.js';

/** As the `clock` option of XState's `createActor`; its own SimulatedClock tells the time, others may not. */
interface ActorClock {
  setTimeout(wake: () => void, ms: number): unknown;
  clearTimeout(id: unknown): void;
  now?(): number;
}

/** Longer ones end at once. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const ALWAYS_ONLINE: Connectivity = { online: () => true, subscribe: () => () => {} };

const executions = new WeakMap<AnyActorRef, { execution: StepsExecution; clock: Clock; given: number }>();

/** Performs a step function for an actor that no host runs: its journal lives in memory, and ends with the actor. */
export function performUndurably(
  logic: StepsLogic<unknown, unknown>,
  input: unknown,
  self: AnyActorRef,
  tell: { settled: (outcome: Outcome) => void; emit: (event: EventObject) => void },
  { mail, given }: { mail: readonly Mail[]; given: number } = { mail: [], given: 0 },
): void {
  const { settled, emit } = tell;
  const clock = toClock((self as AnyActorRef & { clock: ActorClock }).clock);
  const leaf = { path: self.id, incarnation: 1, bornAt: clock.now() };
  const options = { logic, input, leaf, runKey: uuidFrom(Math.random), journal: new Map(), mail };
  let order = 0;
  const execution = new StepsExecution(options, {
    clock,
    connectivity: ALWAYS_ONLINE,
    holds: () => true,
    services: {},
    steps: {},
    around: (_, perform) => perform(),
    epoch: 0,
    valueLength: Infinity,
    begin: async () => {},
    unpaused: async () => {},
    children: { start: noHost, outcome: noHost, cancel: noHost },
    // There is no run to pause.
    record: async ({ entry }) => ({
      ...entry,
      ...(entry.status === 'exhausted' ? { status: 'failed' } : {}),
      order: ++order,
    }),
    transact: async ({ step }) => {
      throw noTransaction(step, 'no host runs this function');
    },
    heartbeat: async ({ entry }) => entry,
    progress: () => {},
    emit,
    inboxTaken: async () => {},
    calmed: () => {},
    undone: () => {},
    unfit: (error) => settled({ error }),
    continued: (next) => {
      execution.stop(new DOMException('It has begun its next life.', 'AbortError'));
      self.send({ type: CONTINUE, data: next });
      // What it was sent and has not taken its next life may take.
      performUndurably(logic, next, self, tell, { mail: execution.mail, given: executions.get(self)?.given ?? 0 });
    },
    settled: (outcome) => {
      settled(outcome);
      // Steps that lost a race are still under way.
      stopUndurable(self);
    },
  });
  executions.set(self, { execution, clock, given });
  execution.start();
}

function noHost(): Promise<never> {
  return Promise.reject(misused('A child needs a host to run in: `createActor` has none.'));
}

/** Gives an event to the waits of its function. Without effect on an actor that a host runs. */
export function giveUndurably(self: AnyActorRef, event: EventObject): void {
  const running = executions.get(self);
  running?.execution.give({ place: `${++running.given}.0`, event, at: running.clock.now() });
}

/** Aborts the signals of its steps. Without effect on an actor that a host runs. */
export function stopUndurable(self: AnyActorRef): void {
  executions.get(self)?.execution.stop(new DOMException('The state was left.', 'AbortError'));
  executions.delete(self);
}

/** A clock that tells no time need not agree with the wall clock: what it woke was due then, whatever the time. */
function toClock(clock: ActorClock): Clock {
  let reached = 0;
  const now = () => Math.max(clock.now?.() ?? Date.now(), reached);
  return {
    now,
    at(at, wake) {
      let timeout: unknown;
      const wait = () => {
        const ms = Math.min(Math.max(at - now(), 0), LONGEST_TIMEOUT_MS);
        const until = now() + ms;
        timeout = clock.setTimeout(() => {
          reached = Math.max(reached, until);
          if (now() < at) wait();
          else wake();
        }, ms);
      };
      wait();
      return () => clock.clearTimeout(timeout);
    },
  };
}
