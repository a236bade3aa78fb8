import { createHoldfast } from '@holdfast/browser';
import { serveHoldfast } from '@holdfast/browser/worker';
import { defineWorkflow, fromSteps } from '@holdfast/core';

declare function show(text: string): void;

// Sample: step
const note = fromSteps({ types: {} as { input: { text: string } } }, ({ input, step }) =>
  step('send', { requires: 'online', timeout: '30s', retry: { attempts: 5 } }, async ({ idempotencyKey, signal }) => {
    const headers = { 'Idempotency-Key': idempotencyKey };
    const response = await fetch('/notes', { method: 'POST', body: input.text, headers, signal });
    if (!response.ok) throw new Error(`The server said ${response.status}.`);
  }),
);
// End

const workflows = [defineWorkflow({ id: 'note', version: 1, logic: note })];

export function worker() {
  // Sample: address
  const host = serveHoldfast({ workflows, reachable: '/health', resumeWithin: '30s' });
  // End
  return host;
}

export function workerWithFunction() {
  // Sample: function
  const host = serveHoldfast({
    workflows,
    reachable: async (signal) => {
      const response = await fetch('https://api.example.com/health', { signal, cache: 'no-store' });
      return response.ok && (await response.text()) === 'fine';
    },
  });
  // End
  return host;
}

export function page(makeWorker: () => Worker) {
  const holdfast = createHoldfast<ReturnType<typeof worker>>(makeWorker);
  // Sample: page
  const { unsubscribe } = holdfast.connectivity.subscribe(({ online }) => show(online ? '' : 'offline: goes on later'));
  // End
  return unsubscribe;
}
