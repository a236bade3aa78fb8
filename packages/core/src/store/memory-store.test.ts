import { expect, test } from 'vitest';
import { testStore } from '../testing/index.js';
import { createMemoryDatabase, createMemoryStore } from './memory-store.js';
import type { MemoryTables, MemoryTransaction } from './memory-tables.js';

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

testStore(
  { test },
  {
    name: "memory store with the app's tables",
    supports: { transact: true },
    open: async () => {
      const tables: MemoryTables = new Map([['rows', new Map()]]);
      const database = createMemoryDatabase({ local: tables });
      return {
        connect: async () => createMemoryStore({ database }),
        local: {
          table: 'rows',
          put: async (open, key) => (open as MemoryTransaction).table('rows').set(key, true),
          keys: async () => [...(tables.get('rows')?.keys() ?? [])] as string[],
        },
      };
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
