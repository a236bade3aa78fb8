import { readFileSync } from 'node:fs';
import { defineWorkflow, fromSteps, isHoldfastError } from '@holdfast/core';
import { crashEverywhere } from '@holdfast/core/testing';
import { expect, test } from 'vitest';

const guide = readFileSync(new URL('./testing-your-workflow.md', import.meta.url), 'utf8');

class FakeBank {
  readonly #charges = new Map<string, number>();
  charge = (amount: number, key = `${this.#charges.size}`) => void this.#charges.set(key, amount);
  get charges() {
    return [...this.#charges.values()];
  }
}

const world = () => {
  const bank = new FakeBank();
  return { services: { charge: bank.charge }, observe: () => bank.charges };
};

const transfer = (withKey: boolean) =>
  defineWorkflow({
    id: 'transfer',
    version: 1,
    logic: fromSteps(async ({ step, sleep }) => {
      await step('charge', ({ services, idempotencyKey }) =>
        services.charge?.(5, withKey ? idempotencyKey : undefined),
      );
      await sleep('settle', '1h');
      return step('receipt', () => 'paid 5');
    }),
  });

test('the bug of the guide is found, in the words that the guide shows', async () => {
  const error = await crashEverywhere(transfer(false), { world }).catch((error: unknown) => error);
  expect(isHoldfastError(error, 'CRASH_DIFFERS')).toBe(true);
  for (const line of (error as Error).message.split('\n')) expect(guide).toContain(line.trim());
});

test('and mended as the guide says', async () => {
  await crashEverywhere(transfer(true), { world });
});
