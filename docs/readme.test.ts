import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('./samples/', import.meta.url);
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** Samples are type-checked where they stand, so the README shows no code that does not compile. */
test.each(readdirSync(folder))('the README shows the sample %s as it is', (file) => {
  const [, shown = ''] = readFileSync(new URL(file, folder), 'utf8').split('// What it shows:\n');
  expect(shown).not.toBe('');
  expect(readme).toContain(shown.trim());
});

test('the README has at most 120 lines', () => {
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(120);
});
