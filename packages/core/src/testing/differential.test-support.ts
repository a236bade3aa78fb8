import { beforeEach, describe, expect, test, vi } from 'vitest';
import { runDurably, runPlainly } from './both-ways.test-support.js';
import type { Entry } from './corpus/entry.test-support.js';

/** Compares plain XState with Holdfast. */
export function compare(entries: readonly Entry[]): void {
  const named = entries.map((entry) => [entry.name, entry] as const);

  // What is sent to an actor that is gone.
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));

  describe('a run ends in Holdfast as it does under plain XState', () => {
    test.each(named)('%s', async (_, entry) => {
      const plain = await runPlainly(entry);
      const durable = await runDurably(entry);
      const { differs } = entry;
      if (differs) {
        expect(plain).toMatchObject(differs.plain);
        expect(durable).toMatchObject(differs.durable);
      }
      expect(durable).toEqual({ ...plain, ...differs?.durable });
    });
  });
}

/** Compares Holdfast with itself when its host is closed, and opened anew, after each commit. */
export function disturb(entries: readonly Entry[]): void {
  const named = entries.filter(({ big, repeats }) => !big && !repeats).map((entry) => [entry.name, entry] as const);

  describe('a run ends the same when its host is opened anew after each commit', () => {
    test.each(named)('%s', async (_, entry) => {
      const { marks, ...durable } = await runDurably(entry);
      const disturbed = await runDurably(entry, { anew: 'after each commit' });
      // Events are emitted, and logged, while the host still lives.
      const { emitted } = disturbed;
      expect(durable.emitted).toEqual(expect.arrayContaining([...emitted]));
      expect(disturbed).toMatchObject({ ...durable, emitted, logged: [] });
      expect(disturbed.marks.actions).toEqual(marks.actions);
      expect(new Set(disturbed.marks.bodies)).toEqual(new Set(marks.bodies));
    });
  });
}
