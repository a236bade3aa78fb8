import { assign, fromPromise, setup } from 'xstate';
import { fromSteps } from '../../define/from-steps.js';
import { type Entry, entry } from './entry.test-support.js';
import { note } from './marks.test-support.js';

const bytes = (byte: number) => new Uint8Array(70_000).fill(byte).buffer as ArrayBuffer;

const sizeOf = (value: unknown): number => (value instanceof Blob ? value.size : (value as ArrayBuffer).byteLength);

interface Album {
  readonly kept: unknown;
  readonly sizes: number[];
}

/** Values that stay outside of the text come in, are held, handed on, let go of, and come back. */
const album = setup({
  types: {
    context: {} as Album,
    input: {} as { cover: Blob },
    events: {} as { type: 'ADD'; photo: Blob | ArrayBuffer } | { type: 'IGNORED'; photo: Blob } | { type: 'CLOSE' },
  },
  actors: {
    crop: fromPromise(async ({ input }: { input: { photo: unknown } }) => {
      note('crop', sizeOf(input.photo));
      return { cropped: bytes(7), photo: input.photo };
    }),
  },
}).createMachine({
  context: ({ input }) => ({ kept: input.cover, sizes: [] }),
  initial: 'open',
  states: {
    open: {
      on: {
        ADD: {
          target: 'cropping',
          actions: assign({ kept: ({ event }) => event.photo }),
        },
        CLOSE: 'closed',
      },
    },
    cropping: {
      invoke: {
        src: 'crop',
        input: ({ context }) => ({ photo: context.kept }),
        onDone: {
          target: 'open',
          actions: assign({
            kept: ({ event }) => event.output.cropped,
            sizes: ({ context, event }) => [...context.sizes, sizeOf(event.output.photo)],
          }),
        },
      },
    },
    closed: { type: 'final', entry: assign({ kept: undefined }) },
  },
  output: ({ context }) => context.sizes,
});

/** Step results outside of the text, from one life to the next. */
const renderer = fromSteps(
  { types: {} as { input: { n: number; last?: ArrayBuffer } } },
  async ({ input: { n, last }, step, continueWith }) => {
    const file = await step('draw', () => {
      note('draw', last?.byteLength);
      return new File([`page ${n}`], `${n}.png`, { lastModified: 0 });
    });
    const made = await step('render', () => {
      note('render', file.name);
      return bytes(n);
    });
    return n < 2 ? continueWith({ n: n + 1, last: made }) : made.byteLength;
  },
);

export const attachments: readonly Entry[] = [
  entry('values outside of the text', album, {
    input: { cover: new Blob(['cover']) },
    events: [
      { type: 'IGNORED', photo: new Blob(['nobody wants it']) },
      { type: 'ADD', photo: new File(['abc'], 'a.png') },
      { type: 'ADD', photo: bytes(1) },
      { type: 'CLOSE' },
    ],
  }),
  entry('step results outside of the text', renderer, { input: { n: 0 } }),
];
