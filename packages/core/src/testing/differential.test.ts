import { expect, test } from 'vitest';
import { corpus, durableAlone } from './corpus/corpus.test-support.js';
import { compare, disturb } from './differential.test-support.js';

compare(corpus);
disturb(corpus);

test('the names of the corpus are unique', () => {
  const all = [...corpus, ...durableAlone];
  expect(new Set(all.map(({ workflow }) => workflow.id)).size).toBe(all.length);
});
