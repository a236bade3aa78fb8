import { expect, test } from 'vitest';
import { compareLocks } from './dependencies.mjs';

const locked = {
  '': { version: '0.0.0' },
  'packages/core': { version: '0.1.0' },
  'node_modules/@holdfast/core': { link: true },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/a-darwin': { version: '1.0.0', integrity: 'sha512-d', optional: true },
};
const { '': _root, 'node_modules/a-darwin': _darwin, ...installed } = locked;

test('an installed tree without the packages of other systems is in line', () => {
  expect(compareLocks(locked, installed)).toBeUndefined();
});

test('a package that is missing, changed, rebuilt or left over is named', () => {
  const { 'node_modules/a': a, ...without } = installed;
  expect(compareLocks(locked, without)).toBe('node_modules/a is missing');
  for (const other of [{ version: '1.0.1' }, { integrity: 'sha512-b' }]) {
    expect(compareLocks(locked, { ...installed, 'node_modules/a': { ...a, ...other } })).toMatch(
      'node_modules/a is another version',
    );
  }
  expect(compareLocks(locked, { ...installed, 'node_modules/b': {} })).toBe('node_modules/b is not in the lock file');
});

test('an optional package of this system is compared too', () => {
  const other = { version: '2.0.0', optional: true };
  expect(compareLocks(locked, { ...installed, 'node_modules/a-darwin': other })).toMatch('a-darwin');
});
