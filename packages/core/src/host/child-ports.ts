import { outcomeOf } from '../client/outcome.js';
import { encodeGiven } from '../codec/index.js';
import { checkLabels } from '../define/labels.js';
import type { Outcome } from '../engine/index.js';
import type { RunAddress } from '../records/records.js';
import type { ChildPorts } from '../steps/children.js';
import type { Acceptance } from './acceptance.js';
import { runExists } from './refusals.js';
import type { RunViews } from './run-views.js';

/** How step functions of a run reach others: as any app does, but that the other knows whose child it is. */
export function childPortsOf(
  { workflow, run }: RunAddress,
  acceptance: Acceptance,
  views: Pick<RunViews, 'see' | 'changes'>,
): ChildPorts {
  return {
    start: async ({ key, input, ...child }) => {
      if (child.labels !== undefined) checkLabels(child.labels, 'child');
      const request = { ...child, callId: key, ifExists: 'fail', input: encodeGiven(input, 'input') } as const;
      const started = await acceptance.start(request, { workflow, run });
      // A singleton gives another one, which is nobody's child.
      if (started.run !== child.run) throw runExists(started);
    },
    outcome: (child, signal) => outcomeWhenEnded(child, signal, views),
    cancel: (child, callId) => acceptance.ask(child, callId),
  };
}

async function outcomeWhenEnded(
  address: RunAddress,
  signal: AbortSignal,
  views: Pick<RunViews, 'see' | 'changes'>,
): Promise<Outcome> {
  let outcome: Outcome | undefined;
  const hasEnded = async () => {
    const seen = await views.see(address);
    outcome = seen.run.status === 'parked' ? undefined : outcomeOf(address, seen, true);
    return outcome !== undefined;
  };
  await views.changes.until(address, hasEnded, signal);
  return outcome as Outcome;
}
