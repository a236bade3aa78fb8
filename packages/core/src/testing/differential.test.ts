import { expect, test } from 'vitest';
import { corpus } from './corpus/corpus.test-support.js';
import { compare, disturb } from './differential.test-support.js';

compare(corpus);
disturb(corpus);

test('the names of the corpus are unique', () => {
  expect(new Set(corpus.map(({ workflow }) => workflow.id)).size).toBe(corpus.length);
});
