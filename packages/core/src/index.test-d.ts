import { type as ark } from 'arktype';
import * as v from 'valibot';
import { describe, expectTypeOf, test } from 'vitest';
import { assign, createMachine, fromCallback, fromPromise, setup } from 'xstate';
import { z } from 'zod';
import type { Holdfast } from './client/holdfast.js';
import type { Run } from './client/run.js';
import { defineWorkflow } from './define/define-workflow.js';
import type { Duration } from './define/duration.js';
import { fromSteps } from './define/from-steps.js';
import type { MigrationState } from './define/migration.js';
import type { RetryPolicy, StepContext } from './define/steps-logic.js';
import type { TypesOf, WorkflowMap } from './define/workflow.js';
import { schedule } from './schedules/schedule.js';

const greet = fromSteps(
  { types: {} as { input: { name: string }; events: { type: 'STOP' } } },
  async ({ input, step }) => {
    const text = await step('compose', () => `Hello ${input.name}`);
    return { text, length: text.length };
  },
);
const plain = fromSteps(async ({ step }) => step('one', () => 1));

const order = setup({
  types: {
    input: {} as { sku: string; amount?: number },
    context: {} as { sku: string; greeting?: { text: string; length: number } },
    events: {} as { type: 'APPROVE'; by: string } | { type: 'CANCEL' },
    output: {} as { sku: string },
  },
  actors: { greet, ship: fromPromise(async ({ input }: { input: { to: string } }) => input.to.length) },
}).createMachine({
  context: ({ input }) => ({ sku: input.sku }),
  initial: 'greeting',
  states: {
    greeting: {
      invoke: {
        src: 'greet',
        input: ({ context }) => ({ name: context.sku }),
        onDone: { target: 'shipping', actions: assign({ greeting: ({ event }) => event.output }) },
      },
    },
    shipping: { invoke: { src: 'ship', input: { to: 'x' }, onDone: 'over' } },
    over: { type: 'final' },
  },
  output: ({ context }) => ({ sku: context.sku }),
});

const workflows = [
  defineWorkflow({ id: 'order', version: 1, logic: order }),
  defineWorkflow({ id: 'greet', version: 1, logic: greet }),
  defineWorkflow({ id: 'plain', version: 1, logic: plain }),
  defineWorkflow({ id: 'bare', version: 1, logic: createMachine({}) }),
] as const;
type App = WorkflowMap<typeof workflows>;
declare const holdfast: Holdfast<App>;

test('limits, singletons and schedules know the input', () => {
  const limited = { id: 'limited', version: 1, logic: order } as const;
  defineWorkflow({ ...limited, concurrency: { limit: 2, key: ({ sku }) => sku } });
  defineWorkflow({ ...limited, singleton: { key: (input) => input.sku, onConflict: 'skip' } });
  // @ts-expect-error the input has no such field
  defineWorkflow({ ...limited, concurrency: { limit: 2, key: ({ name }) => name } });
  // @ts-expect-error a key is a string
  defineWorkflow({ ...limited, singleton: { key: () => 1, onConflict: 'skip' } });
  // @ts-expect-error neither skips nor cancels
  defineWorkflow({ ...limited, singleton: { onConflict: 'replace' } });
  void holdfast.start('plain', { priority: 1, startAt: new Date() });
  // @ts-expect-error no instant
  void holdfast.start('plain', { startAt: 'tomorrow' });

  const [greets, plains] = [workflows[1], workflows[2]];
  schedule(greets, { cron: '@daily', timeZone: 'UTC', input: { name: 'ann' } });
  schedule(greets, { cron: '@daily', timeZone: 'UTC', input: (day) => ({ name: day.toISOString() }), catchUp: 'all' });
  schedule(plains, { cron: '@daily', timeZone: 'UTC' });
  // @ts-expect-error it takes an input
  schedule(greets, { cron: '@daily', timeZone: 'UTC' });
  // @ts-expect-error another input
  schedule(workflows[0], { cron: '@daily', timeZone: 'UTC', input: () => ({ name: '' }) });
  // @ts-expect-error it needs a time zone
  schedule(plains, { cron: '@daily' });
});

test('run control', () => {
  type R = Run<App['order']>;
  expectTypeOf<R['cancel']>().toEqualTypeOf<(options?: { timeout?: Duration }) => Promise<void>>();
  expectTypeOf<R['pause' | 'resume' | 'retry' | 'terminate']>().toEqualTypeOf<() => Promise<void>>();
  expectTypeOf<RetryPolicy['onExhausted']>().toEqualTypeOf<'fail' | 'pause' | undefined>();
});

test('an undo sees the result of its step', () => {
  fromSteps(async ({ step }) => {
    await step(
      'a',
      { undo: ({ completed, result }) => expectTypeOf(completed && result).toEqualTypeOf<false | number>() },
      () => 1,
    );
    await step(
      'b',
      {
        undo: {
          retry: { attempts: 2 },
          perform: ({ result }) => expectTypeOf(result).toEqualTypeOf<string | undefined>(),
        },
      },
      async () => 'x',
    );
    const undo = { name: 'c', undo: (item: string) => item.length };
    expectTypeOf(await step.all(['a'], undo, (item) => item.length)).toEqualTypeOf<number[]>();
    // @ts-expect-error the result is a number
    await step('d', { undo: ({ result }) => result?.length }, () => 1);
  });
});

test('a child has the input and the output of its workflow', () => {
  const [order, , plain] = workflows;
  fromSteps(async ({ child }) => {
    expectTypeOf(await child('a', order, { input: { sku: 'x' } })).toEqualTypeOf<{ sku: string }>();
    expectTypeOf(await child('b', plain)).toEqualTypeOf<number>();
    const address = await child('c', order, { input: { sku: 'x' }, detached: true });
    expectTypeOf(address).toEqualTypeOf<{ readonly workflow: string; readonly run: string }>();
    // @ts-expect-error it takes a sku
    await child('d', order, { input: { sku: 1 } });
    // @ts-expect-error it takes an input
    await child('e', order);
  });
});

describe('a workflow tells its types', () => {
  test('of a machine', () => {
    type Order = TypesOf<(typeof workflows)[0]>;
    expectTypeOf<Order['input']>().toEqualTypeOf<{ sku: string; amount?: number }>();
    expectTypeOf<Order['event']>().toEqualTypeOf<{ type: 'APPROVE'; by: string } | { type: 'CANCEL' }>();
    expectTypeOf<Order['output']>().toEqualTypeOf<{ sku: string }>();
    expectTypeOf<Order['context']>().toEqualTypeOf<{ sku: string; greeting?: { text: string; length: number } }>();
    expectTypeOf<Order['value']>().toEqualTypeOf<'greeting' | 'shipping' | 'over'>();
  });

  test('of a step function', () => {
    type Greet = TypesOf<(typeof workflows)[1]>;
    expectTypeOf<Greet['input']>().toEqualTypeOf<{ name: string }>();
    expectTypeOf<Greet['event']>().toEqualTypeOf<{ type: 'STOP' }>();
    expectTypeOf<Greet['output']>().toEqualTypeOf<{ text: string; length: number }>();
    expectTypeOf<Greet['context']>().toEqualTypeOf<undefined>();
    expectTypeOf<TypesOf<(typeof workflows)[2]>['output']>().toEqualTypeOf<number>();
  });

  test('with live actors, which begin anew or are refused', () => {
    const listen = setup({ actors: { listen: fromCallback(() => {}) } }).createMachine({});
    const workflow = defineWorkflow({ id: 'listen', version: 1, logic: listen, liveActors: 'restart' });
    expectTypeOf(workflow.liveActors).toEqualTypeOf<'restart' | undefined>();
    // @ts-expect-error: there is no other way to go on with them
    defineWorkflow({ id: 'listen', version: 1, logic: listen, liveActors: 'resume' });
  });

  test('its id stays literal', () => {
    expectTypeOf(workflows[0].id).toEqualTypeOf<'order'>();
    expectTypeOf<keyof App>().toEqualTypeOf<'order' | 'greet' | 'plain' | 'bare'>();
  });
});

test('versions side by side are a union', () => {
  const renamed = fromSteps({ types: {} as { input: { names: string[] } } }, async () => 5);
  const migrate = { 1: (state: MigrationState) => ({ ...state, input: { names: [state.input.name] } }) };
  const both = [
    defineWorkflow({ id: 'greet', version: 1, logic: greet }),
    defineWorkflow({ id: 'greet', version: 2, logic: renamed, migrate }),
  ] as const;
  type Both = WorkflowMap<typeof both>['greet'];
  expectTypeOf<Both['input']>().toEqualTypeOf<{ name: string } | { names: string[] }>();
  expectTypeOf<Both['output']>().toEqualTypeOf<{ text: string; length: number } | number>();
  defineWorkflow({
    id: 'x',
    version: 2,
    logic: greet,
    // @ts-expect-error a migration gives a state
    migrate: { 1: () => 5 },
  });
});

describe('start', () => {
  test('takes the ids and the input of the app', async () => {
    const run = await holdfast.start('order', { input: { sku: 'a' } });
    expectTypeOf(run).toEqualTypeOf<Run<App['order']>>();
    expectTypeOf(holdfast.start).parameter(0).toEqualTypeOf<keyof App>();
    await holdfast.start('order', { id: 'x', ifExists: 'fail', input: { sku: 'a', amount: 1 } });
    await holdfast.start('plain');
    await holdfast.start('plain', { id: 'x' });
    await holdfast.start('bare');
  });

  test('refuses others', () => {
    // @ts-expect-error there is no such workflow
    holdfast.start('unknown');
    // @ts-expect-error the input is missing
    holdfast.start('order');
    // @ts-expect-error the input is missing among the options
    holdfast.start('order', { id: 'x' });
    // @ts-expect-error a field of the input is missing
    holdfast.start('order', { input: {} });
    // @ts-expect-error a field of the input is of another type
    holdfast.start('order', { input: { sku: 5 } });
    // @ts-expect-error a field too many
    holdfast.start('order', { input: { sku: 'a', colour: 'red' } });
    // @ts-expect-error the input of another workflow
    holdfast.start('greet', { input: { sku: 'a' } });
    // @ts-expect-error no such choice
    holdfast.start('order', { ifExists: 'replace', input: { sku: 'a' } });
    // @ts-expect-error no such option
    holdfast.start('plain', { ident: 'x' });
    // @ts-expect-error there is no such workflow
    holdfast.run('unknown', 'x');
    // @ts-expect-error there is no such workflow
    holdfast.runs({ workflow: 'unknown' });
  });
});

describe('a run', () => {
  const run = holdfast.run('order', 'x');

  test('takes the events of its workflow', () => {
    run.send({ type: 'APPROVE', by: 'ann' });
    run.send({ type: 'CANCEL' }, { id: 'e1', until: 'processed' });
    // @ts-expect-error no such event
    run.send({ type: 'EXPLODE' });
    // @ts-expect-error a field is missing
    run.send({ type: 'APPROVE' });
    // @ts-expect-error an event is an object
    run.send('CANCEL');
    // @ts-expect-error no such choice
    run.send({ type: 'CANCEL' }, { until: 'done' });
    // @ts-expect-error an event of another workflow
    run.send({ type: 'STOP' });
  });

  test('tells its output, context and value', () => {
    expectTypeOf(run.result()).toEqualTypeOf<Promise<{ sku: string }>>();
    expectTypeOf(holdfast.run('greet', 'x').result()).toEqualTypeOf<Promise<{ text: string; length: number }>>();
    const snapshot = run.getSnapshot();
    // @ts-expect-error it may not be known yet
    snapshot.context.sku;
    expectTypeOf(snapshot.context?.sku).toEqualTypeOf<string | undefined>();
    expectTypeOf(snapshot.value).toEqualTypeOf<'greeting' | 'shipping' | 'over' | undefined>();
    expectTypeOf(snapshot.output).toEqualTypeOf<{ sku: string } | undefined>();
    run.subscribe(({ context, run: { status } }) => {
      expectTypeOf(context).toEqualTypeOf<ReturnType<typeof run.getSnapshot>['context']>();
      expectTypeOf(status).toExtend<string>();
    });
    run.subscribe({
      next: ({ value }) => expectTypeOf(value).toEqualTypeOf<'greeting' | 'shipping' | 'over' | undefined>(),
    });
    // @ts-expect-error not a state
    if (snapshot.value === 'elsewhere') throw new Error();
  });
});

describe('a step function', () => {
  test('is an actor of a machine, with input and output', () => {
    const actors = { greet };
    setup({ actors }).createMachine({
      // @ts-expect-error its input is missing a field
      invoke: { src: 'greet', input: {} },
    });
    setup({ actors }).createMachine({
      // @ts-expect-error there is no such actor
      invoke: { src: 'great' },
    });
    setup({ actors }).createMachine({
      invoke: {
        src: 'greet',
        input: { name: 'ann' },
        onDone: {
          actions: ({ event }) => expectTypeOf(event.output).toEqualTypeOf<{ text: string; length: number }>(),
        },
      },
    });
  });

  test('its steps answer with what their bodies give', () => {
    fromSteps({ types: {} as { input: { page: number } } }, async ({ input, continueWith }) => {
      // @ts-expect-error the input of the next life is of the same type
      void continueWith({ page: 'two' });
      if (input.page < 9) return continueWith({ page: input.page + 1 });
      return 'all';
    });
    fromSteps(async ({ step, sleep, uuid, random, now, input }) => {
      expectTypeOf(step('a', () => 1)).toEqualTypeOf<Promise<number>>();
      expectTypeOf(step('b', async () => ({ n: 1 }))).toEqualTypeOf<Promise<{ n: number }>>();
      expectTypeOf(step('c', { timeout: '5s' }, () => 'x')).toEqualTypeOf<Promise<string>>();
      const all = step.all(['a', 'b'], { name: 'all', key: (item) => item.length }, (item, { signal }, index) => {
        expectTypeOf(item).toEqualTypeOf<string>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        return index;
      });
      expectTypeOf(all).toEqualTypeOf<Promise<number[]>>();
      const some = step.all(['a'], { name: 'some', minSuccessful: 1 }, (item) => item.length);
      expectTypeOf(some).toEqualTypeOf<Promise<PromiseSettledResult<number>[]>>();
      expectTypeOf(sleep('nap', '1h')).toEqualTypeOf<Promise<void>>();
      expectTypeOf([uuid(), random(), now()]).toEqualTypeOf<(string | number)[]>();
      expectTypeOf(input).not.toBeAny();
    });
  });

  test('a delay function sees the error and the try', () => {
    fromSteps(async ({ step }) => {
      const delay: RetryPolicy['delay'] = ({ error, attempt }) => {
        expectTypeOf(error).toBeUnknown();
        expectTypeOf(attempt).toEqualTypeOf<number>();
        return '1s';
      };
      await step('a', { retry: { delay, budget: '1h' }, delivery: 'at-least-once' }, async ({ heartbeat, details }) => {
        expectTypeOf(heartbeat(details)).toEqualTypeOf<Promise<void>>();
      });
    });
  });

  test('knows the events that a function is sent, and those it emits', () => {
    type Approve = { type: 'APPROVE'; by: string };
    const types = {} as { events: Approve | { type: 'CANCEL' }; emitted: { type: 'ASKED'; whom: string } };
    const waits = fromSteps({ types }, async ({ waitForEvent, emit }) => {
      const one = waitForEvent('a', { type: 'APPROVE', match: ({ by }) => by !== '', timeout: '1h' });
      expectTypeOf(one).toEqualTypeOf<Promise<Approve>>();
      const either = waitForEvent('b', { type: ['APPROVE', 'CANCEL'] });
      expectTypeOf(either).toEqualTypeOf<Promise<Approve | { type: 'CANCEL' }>>();
      emit({ type: 'ASKED', whom: 'ann' });
      // @ts-expect-error no such event
      await waitForEvent('c', { type: 'DENY' });
      // @ts-expect-error a wait needs a type
      await waitForEvent('d', { timeout: '1h' });
      // @ts-expect-error no such event is emitted
      emit({ type: 'APPROVE', by: 'ann' });
    });
    const waiting = defineWorkflow({ id: 'w', version: 1, logic: waits });
    expectTypeOf<TypesOf<typeof waiting>['event']>().toEqualTypeOf<Approve | { type: 'CANCEL' }>();
    fromSteps(async ({ waitForEvent, emit }) => {
      expectTypeOf((await waitForEvent('a', { type: 'GO' })).type).toEqualTypeOf<'GO'>();
      emit({ type: 'ANY' });
    });
  });

  test('refuses options that are none', () => {
    fromSteps(async ({ step, sleep }) => {
      // @ts-expect-error no such unit
      await step('a', { timeout: '5w' }, () => 1);
      // @ts-expect-error no such option
      await step('b', { retries: 3 }, () => 1);
      // @ts-expect-error no such option of a retry
      await step('c', { retry: { times: 3 } }, () => 1);
      // @ts-expect-error a step needs a name
      await step(() => 1);
      // @ts-expect-error a list of steps needs a name
      await step.all([1], {}, () => 1);
      // @ts-expect-error a number of items
      await step.all([1], { name: 'all', minSuccessful: 'most' }, () => 1);
      // @ts-expect-error no such network
      await step('d', { requires: 'wifi' }, () => 1);
      // @ts-expect-error no such delivery
      await step('e', { delivery: 'once' }, () => 1);
      // @ts-expect-error a delay function gives a duration
      await step('f', { retry: { delay: () => 'soon' } }, () => 1);
      // @ts-expect-error no such unit
      await step('g', { retry: { budget: '1w' } }, () => 1);
      // @ts-expect-error a duration is needed
      await sleep('nap');
    });
  });

  test('knows the services it is lent', () => {
    const types = {} as { services: { token: (scope: string) => Promise<string> } };
    fromSteps({ types }, async ({ step }) => {
      const token = step('a', ({ services }) => services.token('read'));
      expectTypeOf(token).toEqualTypeOf<Promise<string>>();
      // @ts-expect-error the argument is of another type
      await step('b', ({ services }) => services.token(5));
      // @ts-expect-error there is no such service
      await step('c', ({ services }) => services.prompt());
    });
  });

  test('tells a body only what is constant or of this try', () => {
    expectTypeOf<StepContext>().toHaveProperty('idempotencyKey').toEqualTypeOf<string>();
    expectTypeOf<StepContext['attempt']>().toEqualTypeOf<number>();
    expectTypeOf<StepContext>().not.toHaveProperty('step');
  });
});

test('defineWorkflow refuses what is no logic', () => {
  // @ts-expect-error not logic
  defineWorkflow({ id: 'x', version: 1, logic: async () => {} });
  // @ts-expect-error no version
  defineWorkflow({ id: 'x', logic: greet });
});

describe('schemas stand where types stand', () => {
  const input = z.object({ sku: z.string(), amount: z.number().default(1) });
  const shipping = fromSteps(
    {
      schemas: { input, events: { PACK: v.object({ by: v.string() }), STOP: z.object({}) } },
      types: {} as { services: { token: () => string } },
    },
    async ({ input, step }) => {
      expectTypeOf(input).toEqualTypeOf<{ sku: string; amount: number }>();
      return step('token', ({ services }) => services.token());
    },
  );
  const machine = setup({
    types: {} as {
      input: { sku: string; amount: number };
      events: { type: 'ADD'; n: number } | { type: 'END' };
    },
    actors: { shipping },
  }).createMachine({ invoke: { src: 'shipping', input: { sku: 'a' } } });
  const events = z.discriminatedUnion('type', [
    z.object({ type: z.literal('ADD'), n: z.string().transform(Number) }),
    z.object({ type: z.literal('END') }),
  ]);
  const both = [
    defineWorkflow({ id: 'shipping', version: 1, logic: shipping }),
    defineWorkflow({ id: 'machine', version: 1, logic: machine, schemas: { input, events } }),
    defineWorkflow({
      id: 'typed',
      version: 1,
      logic: machine,
      schemas: { events: { ADD: ark({ n: 'number' }), END: ark({}) } },
    }),
  ] as const;
  type Both = WorkflowMap<typeof both>;

  test('start and send take what goes in, the logic gets what comes out', () => {
    type Input = { sku: string; amount?: number | undefined };
    expectTypeOf<Both['shipping']['input']>().toEqualTypeOf<Input>();
    expectTypeOf<Both['shipping']['event']>().toEqualTypeOf<{ type: 'PACK'; by: string } | { type: 'STOP' }>();
    expectTypeOf<Both['shipping']['output']>().toEqualTypeOf<string>();
    expectTypeOf<Both['machine']['input']>().toEqualTypeOf<Input>();
    expectTypeOf<Both['machine']['event']>().toEqualTypeOf<{ type: 'ADD'; n: string } | { type: 'END' }>();
    expectTypeOf<Both['typed']['input']>().toEqualTypeOf<{ sku: string; amount: number }>();
    expectTypeOf<Both['typed']['event']>().toEqualTypeOf<{ type: 'ADD'; n: number } | { type: 'END' }>();
  });

  test('what a machine does not take is refused', () => {
    // @ts-expect-error its input has a field more
    defineWorkflow({ id: 'x', version: 1, logic: machine, schemas: { input: z.object({ sku: z.string() }) } });
    // @ts-expect-error a field of that event is of another type
    defineWorkflow({ id: 'x', version: 1, logic: machine, schemas: { events: { ADD: z.object({ n: z.string() }) } } });
    // @ts-expect-error it is isolated, or not
    defineWorkflow({ id: 'x', version: 1, logic: machine, isolate: 'yes' });
    // @ts-expect-error no such limit
    defineWorkflow({ id: 'x', version: 1, logic: machine, limits: { size: 5 } });
  });
});

test('runs have labels, and are found by them', () => {
  holdfast.start('plain', { labels: { customer: '42' } });
  // @ts-expect-error a label is a text
  holdfast.start('plain', { labels: { customer: 42 } });
  const [row] = holdfast.runs({ labels: { customer: '42' } }).getSnapshot();
  expectTypeOf(row?.labels).toEqualTypeOf<Readonly<Record<string, string>> | undefined>();
  expectTypeOf(holdfast.run('plain', 'x').getSnapshot().run.labels).toEqualTypeOf<Readonly<Record<string, string>>>();
});
