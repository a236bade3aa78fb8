import type { AnyActorLogic } from 'xstate';
import type { Concurrency } from '../../define/concurrency.js';
import { defineWorkflow } from '../../define/define-workflow.js';
import type { WorkflowSchemas } from '../../define/schemas.js';
import type { AnyWorkflow, Workflow } from '../../define/workflow.js';
import type { CrashOptions } from '../crash-everywhere.js';
import type { Scenario } from '../scenario.js';
import type { Marks } from './marks.test-support.js';

/** How a run ended, or came to rest. */
export interface Ending {
  readonly status: 'active' | 'done' | 'error';
  readonly value: unknown;
  readonly context: unknown;
  readonly tags: readonly string[];
  readonly output: unknown;
  /** Its message. */
  readonly error: string | undefined;
  readonly marks: Marks;
  readonly emitted: readonly unknown[];
  readonly logged: readonly unknown[];
}

/** A difference from XState on purpose; all that is not told here is the same. */
export interface Difference {
  readonly why: string;
  readonly plain: Partial<Ending>;
  readonly durable: Partial<Ending>;
}

/** A workflow, and how one run of it is led. */
export interface Entry {
  readonly name: string;
  readonly workflow: AnyWorkflow;
  // biome-ignore lint/suspicious/noExplicitAny: the types of its workflow are checked where it is made
  readonly scenario: Scenario<any>;
  /** Many checkpoints: too many to crash at each of them, twice. */
  readonly big?: boolean;
  /** What it does before its work is done happens again after each crash: under crashes without end, it has none. */
  readonly repeats?: boolean;
  readonly differs?: Difference;
  /** How a crash is looked for in it. */
  readonly crash?: Pick<CrashOptions, 'unordered' | 'untimed'>;
}

export function entry<TLogic extends AnyActorLogic>(
  name: string,
  logic: TLogic,
  scenario: Scenario<Workflow<string, TLogic>> = {},
  more: Pick<Entry, 'big' | 'crash' | 'repeats' | 'differs'> & {
    liveActors?: 'restart';
    concurrency?: Concurrency;
    schemas?: WorkflowSchemas;
  } = {},
): Entry {
  const id = name.replaceAll(/\W+/g, '-').toLowerCase();
  const { liveActors, concurrency, schemas, ...rest } = more;
  const workflow = defineWorkflow({
    id,
    version: 1,
    logic,
    ...(liveActors ? { liveActors } : {}),
    ...(concurrency ? { concurrency } : {}),
    ...(schemas ? { schemas: schemas as never } : {}),
  });
  return { name, workflow, scenario, ...rest };
}
