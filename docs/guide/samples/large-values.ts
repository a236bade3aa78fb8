import { defineWorkflow, fromSteps, type Holdfast, type WorkflowMap } from '@holdfast/core';
import { assign, setup } from 'xstate';

declare function upload(part: Blob, at: number, key: string): Promise<void>;
declare function render(photo: Blob): Promise<Blob>;

// Sample: chunks
const CHUNK_BYTES = 4 << 20;

const importFile = fromSteps({ types: {} as { input: { file: File } } }, async ({ input: { file }, step }) => {
  for (let at = 0; at < file.size; at += CHUNK_BYTES) {
    const chunk = file.slice(at, at + CHUNK_BYTES);
    await step(`chunk at ${at}`, { retry: { attempts: 5 } }, ({ idempotencyKey }) => upload(chunk, at, idempotencyKey));
  }
  return file.size;
});
// End

const rendering = fromSteps({ types: {} as { input: Blob } }, ({ input, step }) => step('render', () => render(input)));

// Sample: context
const album = setup({
  types: {
    input: {} as { photo: Blob },
    context: {} as { photo: Blob; cover?: Blob; likes: number },
    events: {} as { type: 'LIKE' } | { type: 'CLEAR' },
  },
  actors: { rendering },
}).createMachine({
  context: ({ input }) => ({ photo: input.photo, likes: 0 }),
  invoke: {
    src: 'rendering',
    input: ({ context }) => context.photo,
    onDone: { actions: assign({ cover: ({ event }) => event.output }) },
  },
  on: {
    LIKE: { actions: assign({ likes: ({ context }) => context.likes + 1 }) }, // writes the number, and no photo
    CLEAR: { actions: assign(({ context: { cover, ...rest } }) => rest) }, // removes what `cover` was stored as
  },
});
// End

// Sample: handle
const countLines = fromSteps({ types: {} as { input: { handle: FileSystemFileHandle } } }, ({ input, step }) =>
  step('count', async () => {
    const file = await input.handle.getFile();
    return (await file.text()).split('\n').length;
  }),
);
// End

export const workflows = [
  defineWorkflow({ id: 'import', version: 1, logic: importFile }),
  defineWorkflow({ id: 'album', version: 1, logic: album }),
  defineWorkflow({ id: 'count', version: 1, logic: countLines }),
] as const;

export async function pick(holdfast: Holdfast<WorkflowMap<typeof workflows>>, picked: FileList) {
  // Sample: pick
  for (const file of picked) {
    await holdfast.start('import', { id: file.name, input: { file } });
    // Its bytes are stored now: what becomes of the file on the disk is of no account.
  }
  // End
}
