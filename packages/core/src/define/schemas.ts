import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { EventObject } from 'xstate';
import { HoldfastError, isHoldfastError } from '../errors/index.js';
import { checkOption, type Kind, OPTIONS, refuseUnknown } from './options.js';

/**
 * Checks what is sent to a run: any validator of the Standard Schema (zod, valibot, arktype and others). It has to answer
 * at once: one that gives a promise is refused (`SCHEMA_ASYNC`).
 */
export interface WorkflowSchemas {
  readonly input?: StandardSchemaV1;
  /**
   * By event type, the schema of the rest of the event (all but its `type`); or one schema of whole events. Types that
   * have none are refused.
   */
  readonly events?: StandardSchemaV1 | EventSchemas;
}

export type EventSchemas = Readonly<Record<string, StandardSchemaV1<unknown, object>>>;

/** One thing that is wrong with a value. Plain data. */
export interface SchemaIssue {
  /** Where: keys from the value inwards; none is the value itself. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What `start` takes: before defaults and transforms. */
export type SentInput<S, TElse> = [S] extends [{ readonly input: infer I extends StandardSchemaV1 }]
  ? StandardSchemaV1.InferInput<I>
  : TElse;
/** What the logic gets: after them. */
export type TakenInput<S, TElse> = [S] extends [{ readonly input: infer I extends StandardSchemaV1 }]
  ? StandardSchemaV1.InferOutput<I>
  : TElse;
/** What `send` takes. */
export type SentEvent<S, TElse> = [S] extends [{ readonly events: infer E }] ? EventOf<E, 'input'> : TElse;
/** What the logic gets. */
export type TakenEvent<S, TElse> = [S] extends [{ readonly events: infer E }] ? EventOf<E, 'output'> : TElse;

type Side = 'input' | 'output';
type Of<S, TSide extends Side> = S extends StandardSchemaV1
  ? NonNullable<S['~standard']['types']>[TSide]
  : Record<never, never>;
type Flat<T> = { [K in keyof T]: T[K] };
/** Some libraries give an object without fields as a record of nothing, which would forbid `type` too. */
type Fields<T> = T extends Record<string, never> ? Record<never, never> : T;
type EventOf<E, TSide extends Side> = E extends StandardSchemaV1
  ? Extract<Of<E, TSide>, EventObject>
  : { [K in keyof E & string]: Flat<{ type: K } & Fields<Of<E[K], TSide>>> }[keyof E & string];

/** Of schemas whose output the logic does not take: what they would have to give, in place of theirs. */
export type FittingSchemas<S, TInput, TEvent> = ([TakenInput<S, TInput>] extends [TInput]
  ? unknown
  : { readonly input: StandardSchemaV1<unknown, TInput> }) &
  ([TakenEvent<S, TEvent>] extends [TEvent] ? unknown : { readonly events: StandardSchemaV1<unknown, TEvent> });

const SCHEMA: Kind = ['a schema of the Standard Schema', isSchema];
const EVENTS: Kind = [
  'a schema of the Standard Schema, or an object of such by event type',
  (events: object) => isSchema(events) || OPTIONS[1](events as never),
];

/** @throws `OPTION_INVALID` when they are none. `owner` names whose they are. */
export function checkSchemas(schemas: WorkflowSchemas, owner: string): void {
  refuseUnknown(schemas, ['input', 'events'], owner, 'schemas');
  const { input, events } = schemas;
  if (input !== undefined) checkOption(input, SCHEMA, 'schemas.input', owner);
  if (events === undefined) return;
  checkOption(events, EVENTS, 'schemas.events', owner);
  if (isSchema(events)) return;
  for (const [type, schema] of Object.entries(events)) checkOption(schema, SCHEMA, `schemas.events.${type}`, owner);
}

/** Of some validators, a schema is a function. */
function isSchema(thing: unknown): thing is StandardSchemaV1 {
  const schema = thing as StandardSchemaV1 | null | undefined;
  return (
    (typeof thing === 'object' || typeof thing === 'function') && typeof schema?.['~standard']?.validate === 'function'
  );
}

/**
 * The input as the logic gets it.
 * @param owner names whose input it is.
 * @throws `INPUT_INVALID`, `SCHEMA_ASYNC`.
 */
export function parseInput(schemas: WorkflowSchemas | undefined, input: unknown, owner: string): unknown {
  if (!schemas?.input) return input;
  return parse(schemas.input, input, `input of ${owner}`, (issues, cause) =>
    misfit('INPUT_INVALID', owner, issues, cause),
  );
}

/**
 * The event as the logic gets it.
 * @throws `EVENT_INVALID`, `SCHEMA_ASYNC`.
 */
export function parseEvent(schemas: WorkflowSchemas | undefined, event: EventObject, owner: string): EventObject {
  const { events } = schemas ?? {};
  if (!events) return event;
  const { type, ...payload } = event;
  const what = `event "${type}" of ${owner}`;
  const refuse: Refuse = (issues, cause) => misfit('EVENT_INVALID', owner, issues, cause, type);
  if (isSchema(events)) {
    const parsed = parse(events, event, what, refuse);
    if (typeof (parsed as EventObject | null | undefined)?.type === 'string') return parsed as EventObject;
    throw refuse([{ path: [], message: 'What its schema makes of it is not an event.' }]);
  }
  const schema = Object.hasOwn(events, type) ? events[type] : undefined;
  if (!schema) throw refuse([{ path: ['type'], message: `There is a schema of ${namesOf(events)}.` }]);
  const parsed = parse(schema, payload, what, refuse);
  if (typeof parsed === 'object' && parsed !== null) return { ...parsed, type };
  throw refuse([{ path: [], message: 'What its schema makes of it is not an object.' }]);
}

type Refuse = (issues: readonly SchemaIssue[], cause?: unknown) => HoldfastError;

function parse(schema: StandardSchemaV1, value: unknown, what: string, refuse: Refuse): unknown {
  const result = validate(schema, value, refuse);
  if ('then' in result) {
    result.then(undefined, () => {});
    throw new HoldfastError('SCHEMA_ASYNC', {
      message: `The schema of the ${what} answers with a promise.`,
      remedy: 'Give one that answers at once, and look things up in a step.',
      details: { what },
    });
  }
  if (result.issues) throw refuse(result.issues.map(toPlain));
  return result.value;
}

/** What a validator throws speaks against the value, and must not take anything else down. */
function validate(schema: StandardSchemaV1, value: unknown, refuse: Refuse) {
  try {
    return schema['~standard'].validate(value);
  } catch (error) {
    if (isHoldfastError(error)) throw error;
    throw refuse([{ path: [], message: `Its schema throws: ${String(error)}` }], error);
  }
}

function toPlain({ message, path = [] }: StandardSchemaV1.Issue): SchemaIssue {
  const keys = [...path].map((part) => (typeof part === 'object' ? part.key : part));
  return { path: keys.map((key) => (typeof key === 'symbol' ? String(key) : key)), message };
}

function misfit(
  code: 'INPUT_INVALID' | 'EVENT_INVALID',
  owner: string,
  issues: readonly SchemaIssue[],
  cause?: unknown,
  type?: string,
): HoldfastError {
  const what = type === undefined ? 'input' : `event "${type}"`;
  const told = issues
    .slice(0, 3)
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message));
  const more = issues.length > told.length ? `; and ${issues.length - told.length} more` : '';
  return new HoldfastError(code, {
    message: `The ${what} of ${owner} doesn't fit its schema: ${told.join('; ')}${more}`,
    details: { issues, ...(type === undefined ? {} : { type }) },
    ...(cause === undefined ? {} : { cause }),
  });
}

function namesOf(events: EventSchemas): string {
  return Object.keys(events).join(', ') || 'no type at all';
}
