import { expect, test } from 'vitest';
import { testStore } from '../testing/index.js';
import { createMemoryDatabase, createMemoryStore } from './memory-store.js';

testStore(
  { test },
  {
    name: 'memory store',
    open: async () => {
      const database = createMemoryDatabase();
      return { connect: async () => createMemoryStore({ database }) };
    },
  },
);

test('a release that comes after close does not make a crash undone', async () => {
  const database = createMemoryDatabase();
  const store = createMemoryStore({ database });
  const { release } = await store.acquire();
  await store.close();
  await release();
  expect((await createMemoryStore({ database }).acquire()).afterCrash).toBe(true);
});
