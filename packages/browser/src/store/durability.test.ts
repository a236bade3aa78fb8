import { expect, test } from 'vitest';
import { toDurability, within } from './durability.js';
import { createIndexedDbStore } from './indexed-db-store.js';

test('a store is never more durable than its level, and what is relaxed by itself stays so', () => {
  expect(within('strict', 'strict')).toBe('strict');
  expect(within('strict', 'relaxed')).toBe('relaxed');
  expect(within('relaxed', 'strict')).toBe('relaxed');
  expect(within('relaxed', 'relaxed')).toBe('relaxed');
});

test('what is no level is refused by name', () => {
  expect([toDurability('strict'), toDurability('relaxed')]).toEqual(['strict', 'relaxed']);
  for (const wrong of ['Strict', 'fast', true, null]) {
    expect(() => toDurability(wrong)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', details: { option: 'durability', value: String(wrong) } }),
    );
  }
});

test('a relaxed store does not claim to survive power loss', async () => {
  for (const durability of [undefined, 'strict', 'relaxed'] as const) {
    const store = createIndexedDbStore({ name: 'any', ...(durability && { durability }) });
    expect(store.supports.powerLoss).toBe(durability !== 'relaxed');
    await store.close();
  }
});
