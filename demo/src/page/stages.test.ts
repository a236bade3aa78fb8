import type { HistoryRow } from '@holdfast/core';
import { expect, test } from 'vitest';
import { countOf, stagesOf } from './stages.js';

type Arrival = HistoryRow['arrival'];
const aRow = (arrival: Partial<Arrival>, seq = 1): HistoryRow => ({
  seq,
  at: 0,
  epoch: 1,
  status: 'running',
  arrival: { kind: 'step', outcome: 'completed', ...arrival },
});

test('a photo shows what was checkpointed of it, and nothing else', () => {
  const rows = [
    aRow({ kind: 'start', name: 'start' }),
    aRow({ name: 'hash:01' }),
    aRow({ name: 'thumbnail:01' }),
    aRow({ name: 'upload:01/original', outcome: 'retrying' }),
    aRow({ name: 'hash:02' }),
    aRow({ name: 'publish' }),
    aRow({ kind: 'event', name: 'APPROVE' }),
  ];
  const stages = stagesOf(rows);
  expect(Object.fromEntries(stages.get('01') ?? [])).toEqual({
    hash: 'completed',
    thumbnail: 'completed',
    'upload original': 'retrying',
  });
  expect(Object.fromEntries(stages.get('02') ?? [])).toEqual({ hash: 'completed' });
  expect(stages.size).toBe(2);
});

test('a step that was tried again and then completed is completed', () => {
  const rows = [aRow({ name: 'upload:12/thumbnail', outcome: 'retrying' }), aRow({ name: 'upload:12/thumbnail' })];
  expect(stagesOf(rows).get('12')?.get('upload thumbnail')).toBe('completed');
});

test('the total counts four steps a photo and the two of the publishing; a skipped photo has no uploads', () => {
  const rows = [aRow({ name: 'hash:01' }), aRow({ name: 'hash:02', outcome: 'retrying' })];
  expect(countOf(rows, 12, 0)).toEqual({ done: 1, total: 50 });
  expect(countOf(rows, 12, 1)).toEqual({ done: 1, total: 48 });
});
