import { expect, test } from 'vitest';
import { within } from './durability.js';
import { createIndexedDbStore } from './indexed-db-store.js';

test('a store is never more durable than its level, and what is relaxed by itself stays so', () => {
  expect(within('strict', 'strict')).toBe('strict');
  expect(within('strict', 'relaxed')).toBe('relaxed');
  expect(within('relaxed', 'strict')).toBe('relaxed');
  expect(within('relaxed', 'relaxed')).toBe('relaxed');
});

test('a relaxed store does not claim to survive power loss', async () => {
  for (const durability of [undefined, 'strict', 'relaxed'] as const) {
    const store = createIndexedDbStore({ name: 'any', ...(durability && { durability }) });
    expect(store.supports.powerLoss).toBe(durability !== 'relaxed');
    await store.close();
  }
});
