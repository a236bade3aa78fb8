import { createHoldfast } from '@holdfast/browser';
import type { serveHoldfast } from '@holdfast/browser/worker';
import { defineWorkflow, fromSteps, isHoldfastError } from '@holdfast/core';

declare function show(text: string): void;
declare const button: HTMLButtonElement;

interface Input {
  readonly files: readonly File[];
}

const photoImport = defineWorkflow({
  id: 'photo-import',
  version: 1,
  logic: fromSteps({ types: {} as { input: Input } }, async ({ input }) => input.files.length),
});
type App = ReturnType<typeof serveHoldfast<readonly [typeof photoImport]>>;

export function page(makeWorker: () => Worker) {
  const holdfast = createHoldfast<App>(makeWorker);

  // Sample: snapshot
  const { unsubscribe } = holdfast.storage.subscribe(({ trouble, lost }) => {
    if (lost) show('What was stored in this browser is gone.');
    else if (trouble?.code === 'STORE_FULL') show('No room left: please delete something. It goes on by itself.');
    else show(trouble ? `It waits: ${trouble.message}` : '');
  });
  // End

  // Sample: persist
  button.addEventListener('click', async () => {
    const { usage = 0 } = await holdfast.storage.estimate();
    const kept = await holdfast.storage.persist();
    show(`${Math.ceil(usage / 1e6)} MB are stored, ${kept ? 'for good' : 'until the browser needs the room'}.`);
  });
  // End

  // Sample: lost
  async function startImport(input: Input) {
    try {
      return await holdfast.start('photo-import', { id: 'trip-2026', input });
    } catch (error) {
      if (!isHoldfastError(error, 'STORE_LOST') || !confirm('It had been lost. Import from the beginning?'))
        throw error;
      return holdfast.start('photo-import', { id: 'trip-2026', input });
    }
  }
  // End
  return { unsubscribe, startImport };
}
