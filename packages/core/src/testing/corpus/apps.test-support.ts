import {
  type ActorRefFrom,
  assign,
  cancel,
  enqueueActions,
  fromPromise,
  raise,
  sendParent,
  sendTo,
  setup,
  stopChild,
} from 'xstate';
import { fromSteps } from '../../define/from-steps.js';
import { type Entry, entry } from './entry.test-support.js';
import { mark, note } from './marks.test-support.js';

/** One file: hashed and sent by a step function, paused and resumed, its parent told of each change. */
const send = fromSteps({ types: {} as { input: { name: string; parts: number } } }, async ({ input, step }) => {
  const hash = await step('hash', () => {
    note('hash', input.name);
    return `${input.name}#`;
  });
  await step.all(
    Array.from({ length: input.parts }, (_, part) => part),
    { name: 'part', key: (part) => part, concurrency: 2, retry: { attempts: 2, delay: '1s' } },
    (part, { attempt }) => {
      note('part', [input.name, part, attempt]);
      if (input.name === 'bad' && part === 1) throw new Error('the network is gone');
      if (part === 2 && attempt === 1) throw new Error('once');
      return part;
    },
  );
  return hash;
});

const upload = setup({
  actors: { send },
  types: { input: {} as { name: string; parts: number }, context: {} as { name: string; parts: number; hash: string } },
}).createMachine({
  context: ({ input }) => ({ ...input, hash: '' }),
  initial: 'sending',
  states: {
    sending: {
      entry: mark('sending', ({ context }) => context.name),
      invoke: {
        src: 'send',
        id: 'send',
        input: ({ context }) => ({ name: context.name, parts: context.parts }),
        onDone: { target: 'sent', actions: assign({ hash: ({ event }) => event.output }) },
        onError: 'failed',
      },
    },
    failed: {
      entry: [
        mark('failed', ({ context }) => context.name),
        sendParent(({ context }) => ({ type: 'FAILED', name: context.name })),
      ],
      on: { RETRY: 'sending', SKIP: 'sent' },
    },
    sent: { type: 'final', entry: mark('sent', ({ context }) => context.name) },
  },
  output: ({ context }) => ({ name: context.name, hash: context.hash }),
});

interface File {
  readonly name: string;
  readonly parts: number;
}

const uploads = setup({
  actors: { upload },
  types: {
    context: {} as {
      waiting: File[];
      active: Record<string, ActorRefFrom<typeof upload>>;
      done: string[];
      failed: string[];
    },
    events: {} as
      | { type: 'ADD'; files: File[] }
      | { type: 'FAILED'; name: string }
      | { type: 'SKIP'; name: string }
      | { type: 'CLOSE' },
  },
  guards: {
    hasRoom: ({ context }) => context.waiting.length > 0 && Object.keys(context.active).length < 2,
    isIdle: ({ context }) => context.waiting.length === 0 && Object.keys(context.active).length === 0,
  },
}).createMachine({
  context: { waiting: [], active: {}, done: [], failed: [] },
  type: 'parallel',
  states: {
    queue: {
      initial: 'open',
      states: {
        open: {
          always: {
            guard: 'hasRoom',
            target: 'open',
            reenter: true,
            actions: assign(({ context, spawn }) => {
              const [next, ...waiting] = context.waiting as [File, ...File[]];
              const ref = spawn('upload', { id: `upload ${next.name}`, input: next });
              return { waiting, active: { ...context.active, [next.name]: ref } };
            }),
          },
          on: {
            ADD: { actions: assign({ waiting: ({ context, event }) => [...context.waiting, ...event.files] }) },
            FAILED: { actions: assign({ failed: ({ context, event }) => [...context.failed, event.name] }) },
            SKIP: {
              actions: sendTo(({ context, event }) => context.active[event.name] as ActorRefFrom<typeof upload>, {
                type: 'SKIP',
              }),
            },
            ['xstate.done.actor.*' as '*']: {
              actions: [
                assign(({ context, event }) => {
                  const { name, hash } = (event as unknown as { output: { name: string; hash: string } }).output;
                  const { [name]: _, ...active } = context.active;
                  return { active, done: [...context.done, `${name} ${hash}`] };
                }),
                mark('done', ({ context }) => context.done.length),
              ],
            },
          },
        },
      },
    },
    lid: {
      initial: 'up',
      states: {
        up: { on: { CLOSE: 'closing' } },
        closing: { always: { guard: 'isIdle', target: 'down' } },
        down: { type: 'final' },
      },
    },
  },
  output: ({ context }) => context.done,
});

const price = fromPromise(async ({ input }: { input: string[] }) => {
  note('price', input);
  return input.length * 10;
});
const charge = fromSteps({ types: {} as { input: { amount: number } } }, async ({ input, step }) => {
  const hold = await step('hold', { retry: { attempts: 3, delay: '2s' } }, ({ attempt }) => {
    note('hold', attempt);
    if (attempt === 1) throw new Error('busy');
    return `hold ${input.amount}`;
  });
  return step('capture', () => {
    note('capture', hold);
    return `receipt ${input.amount}`;
  });
});
const refund = fromSteps(({ step }) =>
  step('refund', () => {
    note('refund');
    return 'refunded';
  }),
);

const checkout = setup({
  actors: { price, charge, refund },
  types: {
    input: {} as { items: string[] },
    context: {} as { items: string[]; amount: number; receipt: string; reminders: number },
    events: {} as
      | { type: 'ADD'; item: string }
      | { type: 'PAY' }
      | { type: 'APPROVE' }
      | { type: 'REJECT' }
      | { type: 'NAG' },
    tags: {} as 'paid' | 'open',
  },
  delays: { patience: ({ context }) => context.amount * 60_000 },
}).createMachine({
  context: ({ input }) => ({ items: input.items, amount: 0, receipt: '', reminders: 0 }),
  initial: 'shopping',
  states: {
    shopping: {
      tags: 'open',
      on: {
        ADD: { actions: assign({ items: ({ context, event }) => [...context.items, event.item] }) },
        PAY: 'paying',
      },
      after: { 3600000: 'abandoned' },
    },
    paying: {
      initial: 'pricing',
      states: {
        pricing: {
          invoke: {
            src: 'price',
            input: ({ context }) => context.items,
            onDone: { target: 'charging', actions: assign({ amount: ({ event }) => event.output }) },
          },
        },
        charging: {
          invoke: {
            src: 'charge',
            input: ({ context }) => ({ amount: context.amount }),
            onDone: { target: 'charged', actions: assign({ receipt: ({ event }) => event.output }) },
            onError: '#abandoned',
          },
        },
        charged: { type: 'final' },
      },
      onDone: 'approving',
    },
    approving: {
      tags: 'paid',
      type: 'parallel',
      entry: mark('asks for approval'),
      exit: cancel('nag'),
      states: {
        waiting: { after: { patience: '#refunding' } },
        nagging: {
          entry: raise({ type: 'NAG' }, { delay: 600_000, id: 'nag' }),
          on: {
            NAG: {
              actions: [
                assign({ reminders: ({ context }) => context.reminders + 1 }),
                mark('nags', ({ context }) => context.reminders),
                raise({ type: 'NAG' }, { delay: 600_000, id: 'nag' }),
              ],
            },
          },
        },
      },
      on: { APPROVE: 'shipping', REJECT: 'refunding' },
    },
    shipping: { entry: mark('ships', ({ context }) => context.receipt), after: { 86400000: 'over' } },
    refunding: { id: 'refunding', entry: mark('refunds'), invoke: { src: 'refund', onDone: 'over' } },
    abandoned: { id: 'abandoned', entry: mark('abandoned'), type: 'final' },
    over: { type: 'final' },
  },
  output: ({ context }) => ({ amount: context.amount, reminders: context.reminders, receipt: context.receipt }),
});

interface Thought {
  readonly tool?: 'search' | 'ask';
  readonly answer?: string;
}

const think = fromPromise(async ({ input }: { input: string[] }): Promise<Thought> => {
  note('think', input.length);
  if (input.length === 1) return { tool: 'search' };
  if (input.length === 2) return { tool: 'ask' };
  return { answer: input.join(', ') };
});
const search = fromSteps({ types: {} as { input: string } }, async ({ input, step }) => {
  const hits = await step('query', () => {
    note('query', input);
    return ['one', 'two'];
  });
  const pages = await step.all(hits, { name: 'read', key: (hit) => hit }, (hit) => {
    note('read', hit);
    return hit.length;
  });
  return `found ${pages.length}`;
});

const agent = setup({
  actors: { think, search },
  types: {
    input: {} as { question: string },
    context: {} as { turns: string[]; rounds: number },
    events: {} as { type: 'REPLY'; text: string } | { type: 'STOP' },
  },
}).createMachine({
  context: ({ input }) => ({ turns: [input.question], rounds: 0 }),
  initial: 'thinking',
  states: {
    thinking: {
      entry: assign({ rounds: ({ context }) => context.rounds + 1 }),
      always: { guard: ({ context }) => context.rounds > 5, target: 'stopped' },
      invoke: {
        src: 'think',
        id: 'think',
        input: ({ context }) => context.turns,
        onDone: [
          {
            guard: ({ event }) => event.output.answer !== undefined,
            target: 'over',
            actions: assign({ turns: ({ context, event }) => [...context.turns, `answer: ${event.output.answer}`] }),
          },
          { guard: ({ event }) => event.output.tool === 'search', target: 'searching' },
          { target: 'asking' },
        ],
      },
    },
    searching: {
      invoke: {
        src: 'search',
        id: 'tool',
        input: ({ context }) => context.turns.at(-1) as string,
        onDone: {
          target: 'thinking',
          actions: assign({ turns: ({ context, event }) => [...context.turns, event.output] }),
        },
      },
    },
    asking: {
      entry: mark('asks'),
      after: {
        60000: { target: 'thinking', actions: assign({ turns: ({ context }) => [...context.turns, 'no reply'] }) },
      },
      on: {
        REPLY: {
          target: 'thinking',
          actions: assign({ turns: ({ context, event }) => [...context.turns, event.text] }),
        },
      },
    },
    stopped: { type: 'final' },
    over: { type: 'final' },
  },
  on: { STOP: { target: '.stopped', actions: mark('stopped') } },
  output: ({ context }) => context.turns,
});

/** Workers that come and go with events, in a pool whose size changes. */
const worker = setup({
  types: { input: {} as { n: number }, context: {} as { n: number; beats: number } },
}).createMachine({
  context: ({ input }) => ({ n: input.n, beats: 0 }),
  initial: 'beating',
  states: {
    beating: {
      after: {
        1000: {
          target: 'beating',
          reenter: true,
          guard: ({ context }) => context.beats < 2,
          actions: [
            assign({ beats: ({ context }) => context.beats + 1 }),
            sendParent(({ context }) => ({ type: 'BEAT', n: context.n })),
          ],
        },
        1001: 'over',
      },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.n,
});

const pool = setup({
  actors: { worker },
  types: {
    context: {} as { next: number; beats: number[]; ended: number },
    events: {} as { type: 'GROW' } | { type: 'SHRINK'; n: number } | { type: 'BEAT'; n: number },
  },
}).createMachine({
  context: { next: 0, beats: [], ended: 0 },
  on: {
    GROW: {
      actions: enqueueActions(({ context, enqueue }) => {
        enqueue.spawnChild('worker', { id: `worker ${context.next}`, input: { n: context.next } });
        enqueue.assign({ next: context.next + 1 });
      }),
    },
    SHRINK: { actions: [stopChild(({ event }) => `worker ${event.n}`), mark('stopped', ({ event }) => event.n)] },
    BEAT: { actions: assign({ beats: ({ context, event }) => [...context.beats, event.n] }) },
    ['xstate.done.actor.*' as '*']: { actions: assign({ ended: ({ context }) => context.ended + 1 }) },
  },
});

export const apps: readonly Entry[] = [
  entry(
    'apps: an upload queue',
    uploads,
    {
      events: [
        {
          type: 'ADD',
          files: [
            { name: 'a', parts: 3 },
            { name: 'bad', parts: 2 },
            { name: 'c', parts: 1 },
          ],
        },
        { type: 'CLOSE' },
        { send: { type: 'SKIP', name: 'bad' }, when: ({ context }) => context?.failed.length === 1 },
      ],
      until: ({ context }) => context?.done.length === 3,
    },
    { big: true, crash: { unordered: true } },
  ),
  entry('apps: a checkout that is approved', checkout, {
    input: { items: ['tea'] },
    events: [
      { type: 'ADD', item: 'pot' },
      { type: 'PAY' },
      { send: { type: 'APPROVE' }, when: ({ context }) => context?.reminders === 1 },
    ],
  }),
  entry('apps: a checkout that nobody approves', checkout, {
    input: { items: ['tea', 'pot'] },
    events: [{ type: 'PAY' }],
  }),
  entry('apps: a checkout that is rejected', checkout, {
    input: { items: ['tea'] },
    events: [{ type: 'PAY' }, { send: { type: 'REJECT' }, when: (snapshot) => snapshot.hasTag('paid') }],
  }),
  entry('apps: a checkout that is abandoned', checkout, { input: { items: [] } }),
  entry('apps: an agent that gets its reply', agent, {
    input: { question: 'why?' },
    events: [{ send: { type: 'REPLY', text: 'because' }, when: (snapshot) => snapshot.matches('asking') }],
  }),
  entry('apps: an agent without a reply', agent, { input: { question: 'why?' } }),
  entry('apps: an agent that is stopped', agent, {
    input: { question: 'why?' },
    events: [{ send: { type: 'STOP' }, when: (snapshot) => snapshot.matches('asking') }],
  }),
  entry('apps: a pool of workers', pool, {
    events: [
      { type: 'GROW' },
      { send: { type: 'GROW' }, after: 300 },
      { send: { type: 'GROW' }, after: 300 },
      { send: { type: 'SHRINK', n: 1 }, after: 900 },
    ],
  }),
];
