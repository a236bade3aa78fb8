import { type RunRow, runKey, singletonId } from '@holdfast/core/store';
import { expect, test } from 'vitest';
import type { IndexHead } from './segment-index.js';
import { LogState } from './state.js';

const rowOf = (run: string, singletonKey?: string): RunRow => {
  const rest = { key: 'k', version: 1, seq: 1, status: 'waiting', reasons: [], createdAt: 1, updatedAt: 1 } as const;
  return { workflow: 'w', run, ...rest, ...(singletonKey === undefined ? {} : { singletonKey }) };
};

/** Takes in the index of a segment in which that head stands. */
function adopt(state: LogState, row: RunRow, file: string): void {
  const singleton = singletonId(row);
  const said = { key: runKey(row), head: JSON.stringify(row), ...(singleton === undefined ? {} : { singleton }) };
  const runs = [{ ...said, live: 10, records: '0,10 head,0,10' }];
  state.adopt({ head: { lastN: 0 } as IndexHead, runs }, { file, length: 10, live: 0 });
}

test('an index tells which run there may be one of, until a later one tells otherwise', () => {
  const state = new LogState();
  adopt(state, rowOf('one', 'only'), '1.log');
  expect(state.singleton(rowOf('other', 'only'))).toEqual(rowOf('one', 'only'));
  adopt(state, rowOf('one'), '2.log');
  expect(state.singleton(rowOf('other', 'only'))).toBeUndefined();
  expect(state.head(rowOf('one'))).toEqual(rowOf('one'));
});
