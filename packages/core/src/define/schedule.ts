/** When runs of a workflow are started by themselves. Made by `schedule` of `@holdfast/core/schedules`. */
export interface Schedule {
  readonly id: string;
  /** Id of the workflow. */
  readonly workflow: string;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  /** The first occurrence after an instant, both in ms; undefined when there is none. */
  next(after: number): number | undefined;
  /** The last occurrence before an instant. */
  previous(before: number): number | undefined;
  /** Input of the run of an occurrence. */
  inputOf(occurrence: number): unknown;
}

/** Which occurrences that came while no host was open are made up for: each, the last one, or none. */
export type CatchUp = 'all' | 'last' | 'none';

/** What becomes of an occurrence while the run before has not ended: it has no run, or its run starts after that one. */
export type Overlap = 'skip' | 'queue';

/** The workflow of the runs in which schedules remember what they have handled: they are never executed. */
export const SCHEDULES = 'holdfast.schedules';
