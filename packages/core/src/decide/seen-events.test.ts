import { expect, test } from 'vitest';
import type { StoredValue } from '../records/records.js';
import type { Op } from '../store/store.js';
import { RunRecord } from './run-record.js';

const HORIZON = 1000;

/** What a store keeps of it. */
function stored(values: Map<string, StoredValue>, ops: readonly Op[]): Map<string, StoredValue> {
  for (const op of ops) {
    if (op.op === 'put') values.set(op.id, op.value);
    if (op.op === 'remove') values.delete(op.id);
  }
  return values;
}

const restored = (values: ReadonlyMap<string, StoredValue>) => new RunRecord({ values, attachments: new Map() });
const seen = (record: RunRecord, id: string) => !record.remember(id, 9999, []);

test.each<[string, (n: number) => string]>([
  ['plain', (n) => `event-${n}`],
  ['with slashes, spaces and per cent', (n) => `${n % 3 ? 'a/b/' : ''}event ${n}%20`],
  ['that look like a place', (n) => `seen/${n} 5`],
])('the last thousand ids of events are known after a restore, ids %s', (_, idOf) => {
  const values = new Map<string, StoredValue>();
  let record = restored(values);
  const all = HORIZON + 25;
  for (let n = 1; n <= all; n++) {
    const ops: Op[] = [];
    expect(record.remember(idOf(n), n, ops)).toBe(true);
    stored(values, ops);
    if (n % 400 === 0) record = restored(values);
  }
  expect(values.size).toBe(HORIZON);
  expect(seen(record, idOf(1))).toBe(false);
  record = restored(values);
  expect(seen(record, idOf(all))).toBe(true);
  expect(seen(record, idOf(all - HORIZON + 1))).toBe(true);
  expect(seen(record, idOf(all - HORIZON))).toBe(false);
});

test('an id that was seen takes no value of its own to be read', () => {
  const ops: Op[] = [];
  restored(new Map()).remember('e', 3, ops);
  expect(ops).toEqual([{ op: 'put', id: 'seen/3 e', value: { text: '' } }]);
});
