import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const pages = readdirSync(new URL('./samples', import.meta.url)).map((file) => file.replace(/\.ts$/, ''));

/** Samples are type-checked where they stand. */
describe.each(pages)('the guide to %s shows its samples as they are', (page) => {
  const guide = read(`./${page}.md`);
  const samples = [...read(`./samples/${page}.ts`).matchAll(/^( *)\/\/ Sample: (.+)\n([\s\S]+?)\n\1\/\/ End/gm)].map(
    ([, indent = '', name, text = '']) => [name, text.replaceAll(new RegExp(`^${indent}`, 'gm'), '')] as const,
  );

  test.each(samples)('%s', (_, text) => {
    expect(guide).toContain(text);
  });

  test('samples are told apart', () => {
    expect(samples.length).toBeGreaterThan(0);
  });
});
