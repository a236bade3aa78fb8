import { createClient, type Holdfast } from '../client/holdfast.js';
import { linkLocally } from '../client/local-link.js';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyServices, StepContext } from '../define/steps-logic.js';
import type { CrashWorld, MortalHost } from './crash-world.test-support.js';

type Context = StepContext<AnyServices>;

/** Leaves its begin in the ledger, then takes the host down: at once, or after that long. */
export const killer = defineWorkflow({
  id: 'killer',
  version: 1,
  logic: fromSteps({ types: {} as { input: { afterMs: number } | undefined } }, async ({ input, step }) => {
    await step('fine', () => 1);
    return step('deadly', async ({ services, idempotencyKey }: Context) => {
      await services.effect?.('deadly', idempotencyKey, 'begin');
      if (input) await services.work?.(input.afterMs);
      await services.fall?.();
    });
  }),
});

/** One step that takes so long, and one that takes no time. */
export const worker = defineWorkflow({
  id: 'worker',
  version: 1,
  logic: fromSteps({ types: {} as { input: { ms: number } } }, async ({ input, step }) => {
    await step('work', async ({ services, idempotencyKey }: Context) => {
      await services.effect?.('work', idempotencyKey, 'begin');
      await services.work?.(input.ms);
      await services.effect?.('work', idempotencyKey, 'end');
    });
    return step('more', () => 'done');
  }),
});

export async function startOn(
  { host }: MortalHost,
  workflow: string,
  run: string,
  input?: Record<string, unknown>,
): Promise<void> {
  await host.start({ workflow, run, callId: `${workflow} ${run}`, ifExists: 'join', input: encode(input, 'input') });
}

/** A holdfast on that host. */
export function clientOf(mortal: MortalHost): Holdfast {
  return createClient(linkLocally(mortal.host));
}

/** Whether every run is closed or paused. */
export function isOver(world: CrashWorld): boolean {
  return world.database.tables
    .list()
    .rows.every(({ status, closedAt }) => status === 'paused' || closedAt !== undefined);
}

/** Ids of the runs with that status. */
export function runsWith(world: CrashWorld, status: 'paused' | 'done'): string[] {
  return world.database.tables.list({ status }).rows.map(({ run }) => run);
}
