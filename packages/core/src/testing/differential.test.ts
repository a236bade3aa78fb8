import { describe, expect, test } from 'vitest';
import { runDurably, runPlainly } from './both-ways.test-support.js';
import { corpus } from './corpus/corpus.test-support.js';

describe('a run ends in Holdfast as it does under plain XState', () => {
  test.each(corpus.map((entry) => [entry.name, entry] as const))('%s', async (_, entry) => {
    const plain = await runPlainly(entry);
    const durable = await runDurably(entry);
    const { differs } = entry;
    if (differs) {
      expect(plain).toMatchObject(differs.plain);
      expect(durable).toMatchObject(differs.durable);
    }
    expect(durable).toEqual({ ...plain, ...differs?.durable });
  });

  test('the names of the corpus are unique', () => {
    expect(new Set(corpus.map(({ workflow }) => workflow.id)).size).toBe(corpus.length);
  });
});
