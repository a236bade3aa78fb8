import type { EventFromLogic, InputFrom } from 'xstate';
import type { Control } from '../client/protocol.js';
import type { RunSnapshot } from '../client/snapshot.js';
import type { Duration } from '../define/duration.js';
import type { AnyServices } from '../define/steps-logic.js';
import type { AnyWorkflow, TypesOf } from '../define/workflow.js';
import type { MemoryTables } from '../store/memory-tables.js';

/** One event of a {@link Scenario}: sent as soon as the run is at rest, unless it says otherwise. */
export type ScenarioEvent<TWorkflow extends AnyWorkflow = AnyWorkflow> =
  | EventFromLogic<TWorkflow['logic']>
  | {
      readonly send: EventFromLogic<TWorkflow['logic']>;
      /** Time passes, from deadline to deadline, until this holds. */
      readonly when?: (snapshot: RunSnapshot<TypesOf<TWorkflow>>) => boolean;
      /** So much time passes first; what comes due in it happens. */
      readonly after?: Duration;
    }
  | ScenarioControl<TWorkflow>;

/** What is done to the run, as by the method of that name. */
export type ScenarioControl<TWorkflow extends AnyWorkflow = AnyWorkflow> = Exclude<Control, { control: 'delete' }> & {
  readonly when?: (snapshot: RunSnapshot<TypesOf<TWorkflow>>) => boolean;
  readonly after?: Duration;
};

/** What is outside of a run: made anew for each execution, and outlives the hosts that die in it. */
export interface World {
  /** Lent to steps, as `services` of a holdfast. What a dead host calls never answers. */
  readonly services?: AnyServices;
  /** What stands for the app's tables: `step.transaction` writes to them, handed a `MemoryTransaction`. */
  readonly tables?: MemoryTables;
  /** What became of the outside, when the run is over: has to be the same with and without crashes. */
  readonly observe?: () => unknown;
}

/** How a run is led from its start to its end, the same way each time. */
export interface Scenario<TWorkflow extends AnyWorkflow = AnyWorkflow> {
  readonly input?: InputFrom<TWorkflow['logic']>;
  /** Other workflows that it starts runs of. */
  readonly workflows?: readonly AnyWorkflow[];
  /** In this order; each is sent again, with the same id, until it is known to be accepted. */
  readonly events?: readonly ScenarioEvent<TWorkflow>[];
  /** When it is over. Default: the run is closed, or all events are processed and nothing is due any more. */
  readonly until?: (snapshot: RunSnapshot<TypesOf<TWorkflow>>) => boolean;
  readonly world?: () => World;
}
