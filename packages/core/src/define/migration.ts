/**
 * A run's state as a migration takes and gives it: plain data of the app's own values. A reference to an actor in it
 * (in a context, an input) is opaque: keep it or drop it.
 */
export interface MigrationState {
  /** State value of a machine. */
  value?: unknown;
  /** Context of a machine, or of a `fromTransition` actor. */
  // biome-ignore lint/suspicious/noExplicitAny: it is of a version whose types are no longer there
  context?: any;
  /** By id of a history state: ids of the states it brings back. */
  historyValue?: Record<string, string[]>;
  /** Actors, by id. One that is taken out is stopped, with its journal; none can be put in: states invoke by themselves. */
  children?: Record<string, MigrationChild>;
  /** Input of a step function or a promise actor. */
  // biome-ignore lint/suspicious/noExplicitAny: it is of a version whose types are no longer there
  input?: any;
  /** The journal of a step function, by name of step, sleep or wait: to rename some, take some out, or put done ones in. */
  steps?: Record<string, MigrationStep>;
}

/** An actor of a machine. */
export interface MigrationChild extends MigrationState {
  /** Name of its logic in `setup({ actors })`; give it another when it was renamed. */
  src: string;
}

/** An entry of a journal. A new one needs `status`, and `output` or `error`. */
export interface MigrationStep {
  kind?: 'step' | 'sleep' | 'event' | 'child';
  /** Of a child under way. */
  child?: { workflow: string; run: string };
  /** `retrying` and `sleeping` wait for `until`, `waiting` for an event of `types`; `begun` had begun a try. */
  status: 'completed' | 'failed' | 'retrying' | 'sleeping' | 'waiting' | 'begun' | 'exhausted';
  // biome-ignore lint/suspicious/noExplicitAny: it is of a version whose types are no longer there
  output?: any;
  error?: unknown;
  /** What the last heartbeat told. */
  // biome-ignore lint/suspicious/noExplicitAny: it is of a version whose types are no longer there
  details?: any;
  attempts?: number;
  /** Instants (ms). */
  startedAt?: number;
  endedAt?: number;
  until?: number;
  /** It has an undo, and is the so-manieth that began of those. */
  undo?: number;
  types?: readonly string[];
  /** Asked for while another step was under way. */
  nested?: true;
  /** Rank among the results: they are handed back in this order. */
  order?: number;
}

/** Makes of a run's state what the next version would have stored. It gets a copy, and may change and return it. */
export type Migration = (state: MigrationState) => MigrationState;

/** By version: the migration of its runs to the next one. */
export type Migrations = Readonly<Record<number, Migration>>;

/** The migrations that lead from version `from` to the workflow's own; undefined where one is missing. */
export function chainOf(
  { version, migrate = {} }: { version: number; migrate?: Migrations },
  from: number,
): Migration[] | undefined {
  if (from > version) return undefined;
  const versions = Array.from({ length: version - from }, (_, index) => from + index);
  const chain = versions.flatMap((n) => migrate[n] ?? []);
  return chain.length === versions.length ? chain : undefined;
}
