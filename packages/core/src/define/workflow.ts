import type { AnyActorLogic, EventFromLogic, InputFrom, OutputFrom, SnapshotFrom } from 'xstate';
import type { Concurrency, Singleton } from './concurrency.js';
import type { Duration } from './duration.js';
import type { Limits } from './limits.js';
import type { Migrations } from './migration.js';
import type { Retention } from './retention.js';
import type { SentEvent, SentInput, WorkflowSchemas } from './schemas.js';

/**
 * A definition that can be run durably: an id, a version, and the logic: a machine of XState 5 or a step function.
 * Made by `defineWorkflow`.
 */
export interface Workflow<
  TId extends string = string,
  TLogic extends AnyActorLogic = AnyActorLogic,
  TSchemas extends WorkflowSchemas = WorkflowSchemas,
> {
  readonly id: TId;
  /** Raised by one whenever a stored run of the version before could not go on with this logic. */
  readonly version: number;
  readonly logic: TLogic;
  readonly migrate?: Migrations;
  /** See `defineWorkflow`. */
  readonly liveActors?: 'restart';
  /** See `defineWorkflow`. */
  readonly concurrency?: Concurrency;
  /** See `defineWorkflow`. */
  readonly singleton?: Singleton;
  /** Of what is sent to a machine; a step function has its own. */
  readonly schemas?: TSchemas;
  /** In place of the host's. */
  readonly limits?: Partial<Limits>;
  /** In place of the host's. */
  readonly retention?: Duration | Retention;
  /** See `defineWorkflow`. */
  readonly isolate?: boolean;
  /**
   * The same workflow with other implementations (actors, actions, guards, delays), as `machine.provide`: for tests, or
   * for what differs by environment.
   * @throws `WORKFLOW_INVALID` for a step function; what `defineWorkflow` throws.
   */
  provide(implementations: Implementations<TLogic>): Workflow<TId, TLogic, TSchemas>;
}

/** What can be provided to a machine. */
export type Implementations<TLogic> = TLogic extends { provide(implementations: infer T): unknown } ? T : never;

export type AnyWorkflow = Workflow<string, AnyActorLogic>;

/** What an app must know of a workflow to start it, send to it and read it: types alone, so no step code follows. */
export interface WorkflowTypes {
  input: unknown;
  event: { type: string };
  output: unknown;
  context: unknown;
  value: unknown;
}

type FieldOf<TSnapshot, TField extends string> = TSnapshot extends { [K in TField]: infer T } ? T : undefined;

/** {@link WorkflowTypes} of a workflow. */
export interface TypesOf<TWorkflow extends AnyWorkflow> {
  input: SentInput<NonNullable<TWorkflow['schemas']>, InputFrom<TWorkflow['logic']>>;
  event: SentEvent<NonNullable<TWorkflow['schemas']>, EventFromLogic<TWorkflow['logic']>>;
  output: OutputFrom<TWorkflow['logic']>;
  context: FieldOf<SnapshotFrom<TWorkflow['logic']>, 'context'>;
  value: FieldOf<SnapshotFrom<TWorkflow['logic']>, 'value'>;
}

/** The workflows of a host, by id; versions side by side are a union. */
export type WorkflowMap<TWorkflows extends readonly AnyWorkflow[] = readonly AnyWorkflow[]> = {
  [TWorkflow in TWorkflows[number] as TWorkflow['id']]: TypesOf<TWorkflow>;
};
