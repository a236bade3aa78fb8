import { defineWorkflow, fromSteps, type StepContext } from '@holdfast/core';

/** What a voyage asks the outside for, in this order; of the loads two at a time. */
export const LOADS = ['load:1', 'load:2', 'load:3', 'load:4'] as const;
export const SAILS = ['sail:1', 'sail:2', 'sail:3'] as const;
export const NOTES = [1, 2, 3] as const;

export interface VoyageInput {
  /** URL of the step ledger. */
  readonly ledger: string;
  readonly cargo: Blob;
}

export interface VoyageOutput {
  /** SHA-256 of the cargo, in hex. */
  readonly weight: string;
  /** The notes, in the order in which they were taken. */
  readonly notes: readonly number[];
}

/** Steps side by side and one by one, a Blob, a timer, and events in the order in which they were accepted. */
export const voyage = defineWorkflow({
  id: 'voyage',
  version: 1,
  logic: fromSteps(
    { types: {} as { input: VoyageInput; events: { type: 'NOTE'; n: number }; output: VoyageOutput } },
    async ({ input, step, sleep, waitForEvent }) => {
      const ask = (name: string) => step(name, NETWORK, (context) => request(input.ledger, name, context));
      const loads = { ...NETWORK, name: 'load', key: keyOf, concurrency: 2 };
      await step.all(LOADS, loads, (name, context) => request(input.ledger, name, context));
      const weight = await step('weigh', () => hashOf(input.cargo));
      for (const name of SAILS) await ask(name);
      await sleep('anchor', '50ms');
      const notes: number[] = [];
      for (const turn of NOTES) {
        const { n } = await waitForEvent(`note-${turn}`, { type: 'NOTE' });
        notes.push(n);
        await ask(`log:${turn}`);
      }
      await ask('land');
      return { weight, notes };
    },
  ),
});

/** A network that is cut off is not always told of. */
const NETWORK = {
  retry: { attempts: Number.POSITIVE_INFINITY, delay: '20ms', factor: 1 },
  requires: 'online',
} as const;

function keyOf(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

async function request(ledger: string, name: string, { idempotencyKey, signal }: StepContext): Promise<string> {
  const response = await fetch(`${ledger}/${name}`, {
    method: 'POST',
    headers: { 'Idempotency-Key': idempotencyKey },
    signal,
  });
  return response.text();
}

async function hashOf(cargo: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await cargo.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** One request, for which there is no second try. */
export const hop = defineWorkflow({
  id: 'hop',
  version: 1,
  logic: fromSteps({ types: {} as { input: { ledger: string } } }, ({ input, step }) =>
    step('hop', (context) => request(input.ledger, 'hop', context)),
  ),
});
