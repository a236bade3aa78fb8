import { defineWorkflow, fromSteps } from '@holdfast/core';

const importPhotos = fromSteps({ types: {} as { input: { files: File[] } } }, async ({ input }) => input.files.length);

// Sample: by workflow
export const photoImport = defineWorkflow({
  id: 'photo-import',
  version: 1,
  logic: importPhotos,
  retention: { done: '30d', failed: '90d' },
});
// End
