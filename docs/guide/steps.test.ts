import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const guide = readFileSync(new URL('./steps.md', import.meta.url), 'utf8');
const code = readFileSync(new URL('./samples/steps.ts', import.meta.url), 'utf8');
const samples = [...code.matchAll(/ {2}\/\/ Sample: (.+)\n([\s\S]+?)\n {2}\/\/ End/g)].map(
  ([, name, text = '']) => [name, text.replaceAll(/^ {2}/gm, '')] as const,
);

test('samples are told apart', () => {
  expect(samples.length).toBeGreaterThan(3);
});

/** Samples are type-checked where they stand. */
test.each(samples)('the guide shows the sample "%s" as it is', (_, text) => {
  expect(guide).toContain(text);
});
