import { defineWorkflow, fromSteps, type MigrationState } from '@holdfast/core';

export interface ChainInput {
  /** The server that keeps the ledger. */
  readonly ledger: string;
  readonly steps: number;
  /** How long each step keeps its thread busy, in ms. */
  readonly spinMs?: number;
}

/** One request after the other, each by its key. */
const chain = (version: number) =>
  defineWorkflow({
    id: 'chain',
    version,
    migrate: version > 1 ? { [version - 1]: (state: MigrationState) => state } : {},
    logic: fromSteps(
      { types: {} as { input: ChainInput; emitted: { type: 'DONE'; n: number } } },
      async ({ input, step, progress, emit }) => {
        for (let n = 1; n <= input.steps; n++) {
          await step(`s${n}`, async ({ idempotencyKey, signal }) => {
            for (const end = performance.now() + (input.spinMs ?? 0); performance.now() < end; );
            await fetch(`${input.ledger}/s${n}`, {
              method: 'POST',
              headers: { 'Idempotency-Key': idempotencyKey },
              signal,
            });
          });
          progress(n, input.steps);
          emit({ type: 'DONE', n });
        }
        return `${input.steps} by version ${version}`;
      },
    ),
  });

export const workflowsOf = (version: number) => [chain(version)] as const;
