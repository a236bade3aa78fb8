import { defineWorkflow, fromSteps } from '@holdfast/core';
import { createTestHoldfast } from '@holdfast/core/testing';

const work = fromSteps({ types: {} as { input: { user: string; url: string } } }, async ({ input, step }) =>
  step('fetch', async ({ signal }) => (await fetch(input.url, { signal })).text()),
);

// Sample: limit
export const imports = defineWorkflow({
  id: 'import',
  version: 1,
  logic: work,
  concurrency: { limit: 2, key: ({ user }) => user },
});
// End

// Sample: singleton
export const sync = defineWorkflow({
  id: 'sync',
  version: 1,
  logic: work,
  singleton: { key: ({ user }) => user, onConflict: 'skip' },
});
// End

export async function starts(url: string) {
  const holdfast = createTestHoldfast({ workflows: [imports, sync] });
  // Sample: start
  await holdfast.start('import', { input: { user: 'ann', url }, priority: 10 });
  await holdfast.start('import', { input: { user: 'ann', url }, startAt: new Date('2026-12-24T18:00:00Z') });
  // End
}
