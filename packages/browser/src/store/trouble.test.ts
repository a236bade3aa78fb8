import { HoldfastError } from '@holdfast/core';
import { expect, test } from 'vitest';
import { Trouble } from './trouble.js';

const full = () => new HoldfastError('STORE_FULL', { message: 'No room.' });
const run = (id: string) => ({ workflow: 'w', run: id });

function aTrouble() {
  const told: (string | undefined)[] = [];
  const trouble = new Trouble((error) => told.push(error?.code));
  const write = (ids: readonly string[], error?: unknown) =>
    trouble.watch(ids.map(run), error ? Promise.reject(error) : Promise.resolve()).catch(() => {});
  return { trouble, told, write };
}

test('1 a run whose commit failed is in trouble until one succeeds; what others store ends nothing', async () => {
  const { told, write } = aTrouble();
  await write(['heavy'], full());
  await write(['light']);
  expect(told).toEqual(['STORE_FULL']);
  await write(['light', 'heavy']);
  expect(told).toEqual(['STORE_FULL', undefined]);
});

test('1 of a group that failed nobody is in trouble yet, nor by what is no trouble of the store', async () => {
  const { told, write } = aTrouble();
  await write(['a', 'b'], full());
  await write(['a'], new HoldfastError('CLOSED', { message: 'Closed.' }));
  await write(['a'], new TypeError('a fault'));
  expect(told).toEqual([]);
});

test('1 what another host owns now is none of ours', async () => {
  const { trouble, told, write } = aTrouble();
  await write(['a'], full());
  trouble.clear();
  expect(told).toEqual(['STORE_FULL', undefined]);
});

test('2 a database that can not be opened is in trouble until it is', () => {
  const { trouble, told } = aTrouble();
  const blocked = new HoldfastError('STORE_BLOCKED', { message: 'Blocked.' });
  trouble.notOpened(blocked);
  trouble.notOpened(blocked);
  trouble.opened();
  trouble.opened();
  expect(told).toEqual(['STORE_BLOCKED', undefined]);
});
