import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES } from '@holdfast/core';
import { expect, test } from 'vitest';

const folder = new URL('./errors/', import.meta.url);
const codes = readdirSync(folder).map((file) => file.replace(/\.md$/, ''));

/** The source files of a package, its tests and the list of codes left out, as one text. */
function sourceOf(name: string): string {
  const directory = fileURLToPath(new URL(`../packages/${name}/src/`, import.meta.url));
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => /(?<!\.test)\.ts$/.test(file) && !file.endsWith('codes.ts'));
  return sources.map((file) => readFileSync(join(directory, file), 'utf8')).join('\n');
}

const pageOf = (code: string) => readFileSync(new URL(`${code}.md`, folder), 'utf8');

test('every error code has a page, and every page a code', () => {
  expect([...codes].sort()).toEqual([...ERROR_CODES].sort());
});

test('every error code is one that the packages can give', () => {
  const source = ['core', 'browser', 'node'].map(sourceOf).join('\n');
  expect(ERROR_CODES.filter((code) => !source.includes(`'${code}'`))).toEqual([]);
});

test.each(codes)('the page of %s tells its message, why it happens and how to fix it', (code) => {
  const parts = pageOf(code)
    .split(/^(?=#)/m)
    .map((part) => part.trim().split('\n'));
  expect(parts.map(([heading]) => heading)).toEqual([`# ${code}`, '## Why it happens', '## How to fix']);
  expect(parts[0]?.[2]).toMatch(/^> \S/);
  for (const [, ...body] of parts) expect(body.join('').length).toBeGreaterThan(20);
});

test('a page that names another code links to a page that exists', () => {
  const linked = codes.flatMap((code) => [...pageOf(code).matchAll(/\]\(\.\/([A-Z_]+)\.md\)/g)].map(([, to]) => to));
  expect(linked).not.toHaveLength(0);
  expect(codes).toEqual(expect.arrayContaining(linked));
});
