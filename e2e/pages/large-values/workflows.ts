import { defineWorkflow, fromSteps } from '@holdfast/core';
import { assign, setup } from 'xstate';

export interface Import {
  readonly file: File;
  readonly chunkBytes: number;
}

async function sumOf(part: Blob): Promise<number> {
  return new Uint8Array(await part.arrayBuffer()).reduce((sum, byte) => sum + byte, 0);
}

/** Adds up the bytes of a file, a step a chunk. Half-way it waits to be told to go on. */
const importFile = fromSteps({ types: {} as { input: Import } }, async ({ input, step, waitForEvent }) => {
  const { file, chunkBytes } = input;
  let sum = 0;
  for (let from = 0; from < file.size; from += chunkBytes) {
    if (from * 2 >= file.size && (from - chunkBytes) * 2 < file.size) await waitForEvent('go', { type: 'GO' });
    sum += await step(`chunk at ${from}`, () => sumOf(file.slice(from, from + chunkBytes)));
  }
  return { sum, name: file.name, size: file.size };
});

/** Reads what a handle stands for, before and after an event. */
const readHandle = fromSteps(
  { types: {} as { input: { folder: FileSystemDirectoryHandle; file: FileSystemFileHandle } } },
  async ({ input: { folder, file }, step, waitForEvent }) => {
    const before = await step('before', async () => (await file.getFile()).text());
    await waitForEvent('go', { type: 'GO' });
    const after = await step('after', async () => {
      const [names, same] = [[] as string[], await file.isSameEntry(await folder.getFileHandle(file.name))];
      for await (const name of folder.keys()) names.push(name);
      return { text: await (await file.getFile()).text(), names, same };
    });
    return { before, after };
  },
);

/** Holds a buffer that it is given, and counts beside it. */
const hold = setup({
  types: {
    input: {} as { buffer: ArrayBuffer },
    context: {} as { buffer: ArrayBuffer | undefined; n: number },
    events: {} as { type: 'COUNT' | 'DROP' },
  },
}).createMachine({
  context: ({ input }) => ({ buffer: input.buffer, n: 0 }),
  on: {
    COUNT: { actions: assign({ n: ({ context }) => context.n + 1 }) },
    DROP: { actions: assign({ buffer: undefined }) },
  },
});

export const workflows = [
  defineWorkflow({ id: 'import', version: 1, logic: importFile }),
  defineWorkflow({ id: 'read', version: 1, logic: readHandle }),
  defineWorkflow({ id: 'hold', version: 1, logic: hold }),
] as const;
