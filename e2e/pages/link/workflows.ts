import { defineWorkflow, fromSteps, type UndoContext } from '@holdfast/core';
import { createMachine } from 'xstate';

/** Waits for GO. */
const gate = defineWorkflow({
  id: 'gate',
  version: 1,
  logic: createMachine({
    types: {} as { events: { type: 'GO' } },
    initial: 'closed',
    states: { closed: { on: { GO: 'open' } }, open: { type: 'final' } },
  }),
});

/** Asks the page, and gives its answer. */
const ask = defineWorkflow({
  id: 'ask',
  version: 1,
  logic: fromSteps({ types: {} as { input: { service: string } } }, ({ input, step }) =>
    step('ask', ({ services }) => services[input.service]?.('a question of a step')),
  ),
});

/** Ends its worker in its first step, the first `times` times. */
const deadly = defineWorkflow({
  id: 'deadly',
  version: 1,
  logic: fromSteps({ types: {} as { input: { times: number } } }, async ({ input, step }) =>
    step('die', async ({ services, idempotencyKey }) => {
      const visits = await services.visit?.(idempotencyKey);
      if (visits <= input.times) {
        self.close();
        await new Promise(() => {});
      }
      return visits;
    }),
  ),
});

/** Never gives the worker's thread back. */
const stuck = defineWorkflow({
  id: 'stuck',
  version: 1,
  logic: fromSteps(({ step }) =>
    step('stick', () => {
      for (;;);
    }),
  ),
});

/** Never gives its thread back at the first try; its host has another one. */
const spinning = defineWorkflow({
  id: 'spinning',
  version: 1,
  isolate: true,
  logic: fromSteps(async ({ step }) => {
    // A step worker takes its time to begin on a busy machine, and may need more than the second try.
    const timeout = { timeout: '500ms', retry: { attempts: 100, delay: 0 } } as const;
    return step('spin', timeout, async ({ attempt, services }) => {
      await services.visit?.(`spin ${attempt}`);
      while (attempt === 1);
      return services.answer?.(`try ${attempt}`);
    });
  }),
});

/** Never gives its thread back; its host has another one. */
const endless = defineWorkflow({
  id: 'endless',
  version: 1,
  isolate: true,
  logic: fromSteps(({ step }) =>
    step('spin', async ({ services }) => {
      await services.visit?.('endless');
      for (;;);
    }),
  ),
});

/** Ends its step worker by an error that nothing catches, at the first try. */
const throwing = defineWorkflow({
  id: 'throwing',
  version: 1,
  isolate: true,
  logic: fromSteps(({ step }) =>
    step('throw', { retry: { attempts: 2, delay: 0 } }, ({ attempt }) => {
      if (attempt > 1) return `try ${attempt}`;
      setTimeout(() => {
        throw new Error('nobody catches this');
      });
      return new Promise<never>(() => {});
    }),
  ),
});

/** Visits the page in a step that needs the network. */
const remote = defineWorkflow({
  id: 'remote',
  version: 1,
  logic: fromSteps(({ step }) => step('fetch', { requires: 'online' }, ({ services }) => services.visit?.('remote'))),
});

/** Has a result of so many bytes, which do not compress; the page is told each time that it is made. */
const heavy = defineWorkflow({
  id: 'heavy',
  version: 1,
  logic: fromSteps({ types: {} as { input: { bytes: number; as: 'text' | 'Blob' } } }, async ({ input, step }) => {
    const made = await step('make', async ({ services, idempotencyKey }) => {
      await services.visit?.(idempotencyKey);
      const noise = new Uint8Array(input.bytes);
      for (let at = 0; at < input.bytes; at += 65_536) crypto.getRandomValues(noise.subarray(at, at + 65_536));
      if (input.as === 'Blob') return new Blob([noise]);
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      return Array.from(noise, (byte) => letters[byte % 64]).join('');
    });
    return typeof made === 'string' ? made.length : made.size;
  }),
});

const part = defineWorkflow({
  id: 'part',
  version: 1,
  logic: fromSteps({ types: {} as { input: { n: number } } }, ({ input, step }) => step('double', () => input.n * 2)),
});

/** Books what can be undone, waits for GO, and gives what its child makes of it. */
const trip = defineWorkflow({
  id: 'trip',
  version: 1,
  logic: fromSteps({ types: {} as { events: { type: 'GO'; n: number } } }, async ({ step, waitForEvent, child }) => {
    const undo = ({ services }: UndoContext<unknown>) => services.visit?.('undone');
    await step('book', { undo }, ({ services }) => services.visit?.('booked'));
    const { n } = await waitForEvent('go', { type: 'GO', timeout: '1h' });
    return child('part', part, { input: { n } });
  }),
});

export const workflows = [gate, ask, deadly, stuck, spinning, endless, throwing, remote, heavy, part, trip] as const;
