import type { EventObject, NonReducibleUnknown } from 'xstate';
import type { Outcome } from '../engine/index.js';
import { isReserved } from '../records/records.js';
import { executor } from '../steps/executor.js';
import { giveUndurably, performUndurably, stopUndurable } from '../steps/undurable.js';
import { checkOption, FUNCTION, refuseUnknown } from './options.js';
import {
  checkSchemas,
  parseInput,
  type SentEvent,
  type SentInput,
  type TakenEvent,
  type TakenInput,
  type WorkflowSchemas,
} from './schemas.js';
import {
  CONTINUE,
  type EmittedOf,
  type EventsOf,
  type InputOf,
  type LocalOf,
  REJECT,
  RESOLVE,
  type ServicesOf,
  type StepsContext,
  type StepsLogic,
  type StepsSnapshot,
  type StepsTypes,
} from './steps-logic.js';

/**
 * Makes actor logic of an async function whose named steps are checkpointed when it runs in a workflow. Under XState's
 * plain `createActor` it works as well, with nothing stored: a new actor begins anew.
 *
 * @param options.schemas check, and give the types of, what it is started with and what it is sent; `types` are for what
 *   no schema tells.
 * @throws `OPTION_INVALID` without a function, for an option that there is not, or when `schemas` are none.
 *
 * @example
 * const greet = fromSteps({ types: {} as { input: { name: string } } }, async ({ input, step, sleep }) => {
 *   const text = await step('compose', () => `Hello ${input.name}`);
 *   await sleep('cool down', '1h');
 *   return step('mail', { retry: { attempts: 5 } }, ({ idempotencyKey }) => mail(text, idempotencyKey));
 * });
 */
export function fromSteps<TOutput, TInput = NonReducibleUnknown>(
  body: (context: StepsContext<TInput>) => PromiseLike<TOutput>,
): StepsLogic<TInput, TOutput>;
export function fromSteps<
  TOutput,
  const TTypes extends StepsTypes = Record<never, never>,
  TSchemas extends WorkflowSchemas = Record<never, never>,
>(
  options: { types?: TTypes; schemas?: TSchemas },
  body: (
    context: StepsContext<
      TakenInput<TSchemas, InputOf<TTypes>>,
      ServicesOf<TTypes>,
      TakenEvent<TSchemas, EventsOf<TTypes>>,
      EmittedOf<TTypes>,
      LocalOf<TTypes>
    >,
  ) => PromiseLike<TOutput>,
): StepsLogic<
  SentInput<TSchemas, InputOf<TTypes>>,
  TOutput,
  SentEvent<TSchemas, EventsOf<TTypes>>,
  TakenInput<TSchemas, InputOf<TTypes>>
>;
export function fromSteps(...args: unknown[]): unknown {
  const body = args.at(-1);
  checkOption(body, ['an async function, its last argument', FUNCTION[1]], 'body', 'fromSteps');
  const options = (args.length > 1 ? args[0] : {}) as { types?: unknown; schemas?: WorkflowSchemas };
  refuseUnknown(options, ['types', 'schemas'], 'fromSteps');
  const { schemas } = options;
  if (schemas !== undefined) checkSchemas(schemas, 'a step function');
  const logic: StepsLogic<unknown, unknown> = {
    holdfast: 'steps',
    executor,
    ...(schemas === undefined ? {} : { schemas }),
    config: body as StepsLogic<unknown, unknown>['config'],
    getInitialSnapshot: (_scope, given) => {
      const input = parseInput(schemas, given, 'a step function');
      return { status: 'active', output: undefined, error: undefined, input };
    },
    getPersistedSnapshot: (snapshot) => snapshot,
    restoreSnapshot: (snapshot) => snapshot as StepsSnapshot<unknown, unknown>,
    transition: (snapshot, event, { self }) => {
      const next = settle(snapshot, event as EventObject & { data?: unknown });
      if (next.status === 'stopped') stopUndurable(self);
      if (!isReserved(event.type)) giveUndurably(self, event);
      return next;
    },
    start: (snapshot, { self, emit }) => {
      if (snapshot.status !== 'active') return;
      const settled = (outcome: Outcome) => {
        const event =
          'error' in outcome ? { type: REJECT, data: outcome.error } : { type: RESOLVE, data: outcome.output };
        self.send(event);
      };
      performUndurably(logic, snapshot.input, self, { settled, emit: emit as (event: EventObject) => void });
    },
  };
  return logic;
}

function settle(
  snapshot: StepsSnapshot<unknown, unknown>,
  event: EventObject & { data?: unknown },
): StepsSnapshot<unknown, unknown> {
  if (snapshot.status !== 'active') return snapshot;
  if (event.type === CONTINUE) return { ...snapshot, input: event.data };
  const closed = { ...snapshot, input: undefined };
  if (event.type === RESOLVE) return { ...closed, status: 'done', output: event.data, error: undefined };
  if (event.type === REJECT) return { ...closed, status: 'error', error: event.data, output: undefined };
  if (event.type === 'xstate.stop') return { ...closed, status: 'stopped', output: undefined, error: undefined };
  return snapshot;
}
