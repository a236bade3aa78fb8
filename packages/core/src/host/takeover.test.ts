import { expect, test } from 'vitest';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { schedule } from '../schedules/schedule.js';
import { createMemoryDatabase, createMemoryStore } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';

const logic = fromSteps(async ({ step }) => void (await step('endless', () => new Promise(() => {}))));
const busy = defineWorkflow({ id: 'w', version: 1, logic });
const hourly = schedule(busy, { id: 'hourly', cron: '0 * * * *', timeZone: 'UTC', input: () => ({}) });

/** A host whose store is taken from it at will, and whose takeovers wait where they read that of the store. */
async function aShakyOwner(read: 'inbox' | 'load', { crashes = false } = {}) {
  const database = createMemoryDatabase();
  const before = aHoldfast([busy], { database });
  await before.holdfast.start('w', { id: '1' });
  await settled();
  await before.holdfast.close();
  const inner = createMemoryStore({ database });
  const takeovers: (() => void)[] = [];
  const epochs: number[] = [];
  const loaded: string[] = [];
  let lose = () => {};
  let mayAcquire: Promise<unknown> = Promise.resolve();
  const store: Store = {
    ...inner,
    async acquire(options) {
      await mayAcquire;
      const ownership = await inner.acquire(options);
      const lost = new AbortController();
      lose = () => lost.abort();
      const vanish = async () => {
        database.owner = undefined;
      };
      return { ...ownership, lost: lost.signal, afterCrash: crashes, release: crashes ? vanish : ownership.release };
    },
    async inbox(address) {
      if (read === 'inbox' && !address) await new Promise<void>((go) => takeovers.push(go));
      return inner.inbox(address);
    },
    async load(address) {
      if (read === 'load' && address.run === '1') await new Promise<void>((go) => takeovers.push(go));
      loaded.push(address.run);
      return inner.load(address);
    },
    async commit(checkpoint) {
      epochs.push(checkpoint.epoch);
      return inner.commit(checkpoint);
    },
  };
  const options = { database, store, clock: before.clock, schedules: [hourly] };
  const { holdfast, host, clock, errors } = aHoldfast([busy], options);
  await settled();
  return {
    ...{ holdfast, host, clock, errors, database, takeovers, epochs, loaded },
    /** @param regained whether it is given the store again at once; else when that is called. */
    async lose({ regained = true } = {}) {
      let give: (value?: unknown) => void = () => {};
      if (!regained) mayAcquire = new Promise((resolve) => (give = resolve));
      lose();
      await settled();
      return give;
    },
  };
}

test.each(['inbox', 'load'] as const)(
  'a takeover whose store is lost while it reads the %s begins nothing',
  async (read) => {
    const { holdfast, host, lose, takeovers, epochs, errors, loaded } = await aShakyOwner(read);
    const give = await lose({ regained: false });
    expect(host.ownership).toBe('standby');
    takeovers[0]?.();
    await settled();
    expect([epochs, errors, loaded]).toEqual([[], [], read === 'load' ? ['1'] : []]);
    give();
    await settled();
    takeovers[1]?.();
    await holdfast.close();
  },
);

test.each(['inbox', 'load'] as const)(
  'where the store is owned again it leaves all to the next takeover (%s)',
  async (read) => {
    const { holdfast, lose, clock, takeovers, epochs, errors, database } = await aShakyOwner(read);
    await lose();
    expect(takeovers).toHaveLength(2);
    takeovers[1]?.();
    await settled();
    takeovers[0]?.();
    await settled();
    clock.advance(3_600_000);
    await settled();
    expect(database.tables.list({ workflow: 'w' }).rows).toHaveLength(2);
    expect(new Set(epochs)).toEqual(new Set([3]));
    expect(errors).toEqual([]);
    await holdfast.close();
  },
);

test('after a crash, what a takeover before has found out brings nothing back', async () => {
  const { holdfast, lose, takeovers, epochs, loaded } = await aShakyOwner('inbox', { crashes: true });
  await lose();
  takeovers[0]?.();
  await holdfast.start('w', { id: '2' });
  await settled();
  expect([new Set(epochs), loaded]).toEqual([new Set([3]), ['2']]);
  takeovers[1]?.();
  await settled();
  expect(loaded).toContain('1');
  await holdfast.close();
});
