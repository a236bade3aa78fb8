import { assign, createMachine, sendTo, setup } from 'xstate';
import { type Entry, entry } from './entry.test-support.js';

/** So large that its state is stored as what has changed: in place, by copies, shared, and in a child that comes and goes. */
const largeState = setup({
  types: {
    context: {} as LargeContext,
    events: {} as
      | { type: 'CHOOSE'; n: number }
      | { type: 'RENAME'; name: string }
      | { type: 'COPY' | 'SHUT' | 'OPEN' | 'END' },
  },
  actors: {
    tally: createMachine({
      context: { seen: [] as number[] },
      on: { SEEN: { actions: assign({ seen: ({ context, event }) => [...context.seen, event.n] }) } },
    } as never),
  },
}).createMachine({
  context: () => ({ items: largeItems(), chosen: undefined, log: new Map(), at: new Date(0) }),
  initial: 'open',
  states: {
    open: {
      invoke: { src: 'tally', id: 'tally' },
      on: {
        CHOOSE: {
          actions: [
            assign({ chosen: ({ context, event }) => context.items[event.n], at: ({ event }) => new Date(event.n) }),
            sendTo('tally', ({ event }) => ({ type: 'SEEN', n: event.n }) as never),
          ],
        },
        RENAME: {
          actions: assign(({ context, event }) => {
            if (context.chosen) context.chosen.name = event.name;
            context.log.set(context.chosen, event.name);
            return {};
          }),
        },
        COPY: {
          actions: assign({
            items: ({ context }) =>
              context.items.map((item) => (item === context.chosen ? { ...item, copies: 1 } : item)),
          }),
        },
        SHUT: 'shut',
      },
    },
    shut: {
      on: {
        OPEN: 'open',
        END: { target: 'end', guard: ({ context }) => !context.items.includes(context.chosen as LargeItem) },
      },
    },
    end: { type: 'final' },
  },
  output: ({ context: { items, chosen, log, at } }) => [items[7]?.name, items[9], chosen?.name, [...log.values()], at],
});

interface LargeItem {
  id: number;
  name: string;
  copies?: number;
}

interface LargeContext {
  items: LargeItem[];
  chosen: LargeItem | undefined;
  log: Map<LargeItem | undefined, string>;
  at: Date;
}

function largeItems(): LargeItem[] {
  return Array.from({ length: 150 }, (_, id) => ({ id, name: `item ${id}`.padEnd(20, '.') }));
}

const events = [
  { type: 'CHOOSE', n: 7 },
  { type: 'RENAME', name: 'seven' },
  { type: 'COPY' },
  { type: 'SHUT' },
  { type: 'OPEN' },
  { type: 'CHOOSE', n: 9 },
  { type: 'RENAME', name: 'nine' },
  { type: 'COPY' },
  { type: 'SHUT' },
  { type: 'END' },
] as const;

export const large: readonly Entry[] = [
  entry('large: a state that is stored as what has changed', largeState, { events }),
];
