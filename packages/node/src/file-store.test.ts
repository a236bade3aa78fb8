import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testStore } from '@holdfast/core/testing';
import { test } from 'vitest';
import { openFileStore } from './index.js';

for (const whenOwned of ['fail', 'wait'] as const) {
  testStore(
    { test },
    {
      name: `file store (${whenOwned})`,
      open: async () => {
        const directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
        return {
          connect: () => openFileStore({ directory, whenOwned }),
          destroy: () => rm(directory, { recursive: true }),
        };
      },
    },
  );
}
