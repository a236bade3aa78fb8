import { createClient } from '../client/holdfast.js';
import { linkLocally } from '../client/local-link.js';
import type { AnyWorkflow, WorkflowMap } from '../define/workflow.js';
import { createHost, type Host } from '../host/host.js';
import type { HostOptions } from '../host/options.js';
import { worksAhead } from '../steps/turn.js';
import { createMemoryDatabase, createMemoryStore, type MemoryDatabase } from '../store/memory-store.js';
import { ManualClock } from './manual-clock.js';

/** A holdfast over a fresh memory database, with what stands behind it. */
export function aHoldfast<const TWorkflows extends readonly AnyWorkflow[]>(
  workflows: TWorkflows,
  options: Partial<HostOptions> & { database?: MemoryDatabase } = {},
) {
  const { database = createMemoryDatabase(), ...rest } = options;
  const clock = (rest.clock ?? new ManualClock()) as ManualClock;
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const store = rest.store ?? createMemoryStore({ database });
  const host: Host = createHost({ onError, ...rest, clock, store, workflows });
  host.open();
  return { holdfast: createClient<WorkflowMap<TWorkflows>>(linkLocally(host)), host, database, store, clock, errors };
}

/** Lets everything happen that needs no time of the manual clock. */
export async function settled(turns = 8): Promise<void> {
  for (let still = 0; still < turns; ) {
    await new Promise((resolve) => setTimeout(resolve));
    if (worksAhead() === 0) still++;
  }
}
