import { test } from 'vitest';
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
