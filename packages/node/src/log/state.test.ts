import type { RunRow } from '@holdfast/core/store';
import { expect, test } from 'vitest';
import { Digest } from './digest.js';
import type { IndexHead } from './segment-index.js';
import { LogState } from './state.js';

const rowOf = (run: string, singletonKey?: string): RunRow => {
  const rest = { key: 'k', version: 1, seq: 1, status: 'waiting', reasons: [], createdAt: 1, updatedAt: 1 } as const;
  return { workflow: 'w', run, ...rest, ...(singletonKey === undefined ? {} : { singletonKey }) };
};

/** Takes in what a segment comes to in which that head stands. */
function adopt(state: LogState, row: RunRow, file: string): void {
  const digest = new Digest();
  const ops = [{ op: 'run', row }] as const;
  digest.take({ kind: 'commit', workflow: row.workflow, run: row.run, ops }, { offset: 0, length: 100 });
  const index = { head: { lastN: 0 } as IndexHead, runs: [...digest.runs()] };
  state.adopt(index, { file, length: 100, live: 0 });
}

test('an index tells which run there may be one of, until a later one tells otherwise', () => {
  const state = new LogState();
  adopt(state, rowOf('one', 'only'), '1.log');
  expect(state.singleton(rowOf('other', 'only'))).toEqual(rowOf('one', 'only'));
  adopt(state, rowOf('one'), '2.log');
  expect(state.singleton(rowOf('other', 'only'))).toBeUndefined();
  expect(state.head(rowOf('one'))).toEqual(rowOf('one'));
});
