import { Worker } from 'node:worker_threads';
import {
  type DevOptions,
  defineWorkflow,
  fromSteps,
  isHoldfastError,
  NonRetryableError,
  RetryAfterError,
  type StepFailure,
  type StepsLogic,
  type UndoContext,
  type Workflow,
} from '@holdfast/core';
import { openHoldfast, serveSteps } from '@holdfast/node';

declare function importRow(row: string, idempotencyKey: string): Promise<void>;
declare function putPart(url: string, part: Blob, offset: number, signal: AbortSignal): Promise<void>;
declare function invite(address: string, idempotencyKey: string): Promise<void>;
declare const shop: {
  book(url: string, key: string): Promise<Booking>;
  find(url: string): Promise<Booking | undefined>;
  cancel(id: string, key: string): Promise<void>;
};
declare function ask(idempotencyKey: string): Promise<void>;
declare function remind(idempotencyKey: string): Promise<void>;
declare const printer: { print(text: string): Promise<void> };

const PART = 1024 * 1024;

interface Booking {
  id: string;
}
type Decision = { type: 'APPROVE'; by: string } | { type: 'REJECT'; reason: string };

const types = {} as { events: Decision; emitted: { type: 'ASKED' } };

export const approval = fromSteps({ types }, async ({ step, waitForEvent, emit }) => {
  // Sample: waitForEvent
  await step('ask', ({ idempotencyKey }) => ask(idempotencyKey));
  emit({ type: 'ASKED' });
  try {
    return await waitForEvent('decision', { type: ['APPROVE', 'REJECT'], timeout: '3d' });
  } catch (error) {
    if (!isHoldfastError(error, 'EVENT_TIMEOUT')) throw error;
  }
  await step('remind', ({ idempotencyKey }) => remind(idempotencyKey));
  return waitForEvent('late decision', { type: 'APPROVE', match: ({ by }) => by !== 'nobody' });
  // End
});

interface Input {
  file: Blob;
  url: string;
  text: string;
  rows: readonly string[];
  addresses: readonly string[];
}

export const all = fromSteps({ types: {} as { input: Input } }, async ({ input, step }) => {
  // Sample: undo
  const booking = await step(
    'book',
    {
      undo: async ({ completed, result, idempotencyKey }: UndoContext<Booking>) => {
        const booked = completed ? result : await shop.find(input.url);
        if (booked) await shop.cancel(booked.id, idempotencyKey);
      },
    },
    ({ idempotencyKey }) => shop.book(input.url, idempotencyKey),
  );
  // End

  // Sample: retry
  const list = await step(
    'fetch list',
    { retry: { attempts: Infinity, delay: '1s', factor: 2, maxDelay: '1m', jitter: 'full', budget: '1h' } },
    async ({ signal }) => {
      const response = await fetch(input.url, { signal });
      if (response.status === 404) throw new NonRetryableError('There is no such list.');
      if (response.status === 429) throw new RetryAfterError('Too many requests.', '30s');
      if (!response.ok) throw new Error(`The server answered ${response.status}.`);
      return response.text();
    },
  );
  // End

  // Sample: delay function
  const patient = {
    attempts: 6,
    delay: ({ error, attempt }: StepFailure) => (String(error).includes('locked') ? 50 : attempt * 1000),
  };
  await step.all(input.rows, { name: 'import', concurrency: 4, retry: patient }, (row, { idempotencyKey }) =>
    importRow(row, idempotencyKey),
  );
  // End

  // Sample: minSuccessful
  const results = await step.all(
    input.addresses,
    { name: 'invite', key: (address) => address, concurrency: 8, minSuccessful: 0 },
    (address, { idempotencyKey }) => invite(address, idempotencyKey),
  );
  const missed = input.addresses.filter((_, index) => results[index]?.status === 'rejected');
  // End

  // Sample: heartbeat
  const { file, url } = input;
  await step('upload', { retry: { attempts: 5 }, timeout: '10m' }, async ({ details = 0, heartbeat, signal }) => {
    for (let offset: number = details; offset < file.size; offset += PART) {
      await putPart(url, file.slice(offset, offset + PART), offset, signal);
      await heartbeat(offset + PART);
    }
  });
  // End

  // Sample: at-most-once
  try {
    await step('print', { delivery: 'at-most-once' }, () => printer.print(input.text));
  } catch (error) {
    if (!isHoldfastError(error, 'STEP_OUTCOME_UNKNOWN')) throw error;
    return `Look whether the label of ${list} was printed.`;
  }
  // End
  return { booking, missed };
});

declare function syncPage(cursor: string, signal: AbortSignal): Promise<string>;

const syncTypes = {} as { input: { cursor: string; pages: number } };

export const sync = fromSteps({ types: syncTypes }, async ({ input, step, sleep, continueWith }) => {
  // Sample: continueWith
  let { cursor, pages } = input;
  for (const last = pages + 100; pages < last; pages++) {
    cursor = await step(`page ${pages}`, { retry: {} }, ({ signal }) => syncPage(cursor, signal));
    await sleep(`after ${pages}`, '1m');
  }
  return continueWith({ cursor, pages });
  // End
});

export function forDevelopment(): DevOptions {
  // Sample: dev
  const dev: DevOptions = { onMismatch: 'restart', checkDeterminism: true };
  // End
  return dev;
}

declare const shipment: Workflow<'shipment', StepsLogic<{ order: string }, { tracking: string }>>;
declare const newsletter: Workflow<'newsletter', StepsLogic<{ order: string }, void>>;

export const orders = fromSteps({ types: {} as { input: { id: string } } }, async ({ input, child }) => {
  // Sample: child
  const { tracking } = await child('ship', shipment, { input: { order: input.id } });
  await child('tell', newsletter, { input: { order: input.id }, id: `news-${input.id}`, detached: true });
  // End
  return tracking;
});

const rendering = fromSteps(({ step }) => step('render', { timeout: '1m' }, () => computed()));
declare function computed(): number;

// Sample: isolate
export const render = defineWorkflow({ id: 'render', version: 1, logic: rendering, isolate: true });
// End

export async function openWithStepWorkers() {
  // Sample: stepWorker
  const holdfast = await openHoldfast({
    workflows: [render],
    stepWorker: () => new Worker(new URL('./step-worker.js', import.meta.url)),
  });
  // End
  return holdfast;
}

export function inTheStepWorker(): void {
  // Sample: serveSteps
  serveSteps({ workflows: [render] });
  // End
}
