import { defineWorkflow } from '@holdfast/core';
import { assign, setup } from 'xstate';
import { type ImportResult, importPhotos, publishAlbum } from './import-photos.js';
import type { Photo } from './photo.js';

export interface ImportInput {
  /** Id of the album to be. */
  album: string;
  photos: readonly Photo[];
  /** How long the person may take to approve. */
  approveWithinMs: number;
}

export type ImportEvent = { type: 'APPROVE'; by: string } | { type: 'REJECT' };

type ImportContext = ImportInput & ImportResult & { approvedBy: string; problem: string };

const machine = setup({
  types: { input: {} as ImportInput, context: {} as ImportContext, events: {} as ImportEvent },
  actors: { importPhotos, publishAlbum },
  delays: { approvalDeadline: ({ context }) => context.approveWithinMs },
  guards: { nothingImported: (_, { imported }: ImportResult) => imported.length === 0 },
  actions: {
    keepProblem: assign({ problem: (_, { error }: { error: unknown }) => messageOf(error) }),
  },
}).createMachine({
  id: 'photo-import',
  context: ({ input }) => ({ ...input, imported: [], skipped: [], approvedBy: '', problem: '' }),
  initial: 'importing',
  states: {
    importing: {
      invoke: {
        id: 'importPhotos',
        src: 'importPhotos',
        input: ({ context: { album, photos } }) => ({ album, photos }),
        onDone: [
          {
            guard: { type: 'nothingImported', params: ({ event }) => event.output },
            target: 'failed',
            actions: assign({ problem: 'None of these files is a picture that can be imported.' }),
          },
          { target: 'reviewing', actions: assign(({ event }) => event.output) },
        ],
        onError: { target: 'failed', actions: { type: 'keepProblem', params: ({ event }) => event } },
      },
      on: { REJECT: 'rejected' },
    },
    reviewing: {
      on: {
        APPROVE: { target: 'publishing', actions: assign({ approvedBy: ({ event }) => event.by }) },
        REJECT: 'rejected',
      },
      after: { approvalDeadline: 'expired' },
    },
    publishing: {
      invoke: {
        id: 'publishAlbum',
        src: 'publishAlbum',
        input: ({ context: { album, approvedBy, imported } }) => ({ album, approvedBy, photos: imported }),
        onDone: 'published',
        onError: { target: 'failed', actions: { type: 'keepProblem', params: ({ event }) => event } },
      },
    },
    published: { type: 'final' },
    rejected: { type: 'final' },
    expired: { type: 'final' },
    failed: { type: 'final' },
  },
  output: ({ context: { album, imported } }) => ({ album, photos: imported.length }),
});

/** Imports photos, asks a person, publishes the album. */
export const photoImport = defineWorkflow({ id: 'photo-import', version: 1, logic: machine });

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
