import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The samples of a page stand in a file of its name. */
const samples = readdirSync(new URL('./samples/', import.meta.url)).flatMap((file) => {
  const page = file.replace(/\.ts$/, '.md');
  const found = read(`./samples/${file}`).matchAll(/^( *)\/\/ Sample: (.+)\n([\s\S]+?)\n\1\/\/ End/gm);
  return [...found].map(([, indent = '', name = '', text = '']) => {
    return [page, name, text.replaceAll(new RegExp(`^${indent}`, 'gm'), '')] as const;
  });
});

test('samples are told apart', () => {
  expect(samples.length).toBeGreaterThan(6);
});

/** Samples are type-checked where they stand. */
test.each(samples)('%s shows the sample "%s" as it is', (page, _, text) => {
  expect(read(`./${page}`)).toContain(text);
});
