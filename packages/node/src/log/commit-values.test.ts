import type { StoredValue } from '@holdfast/core/store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commitValues } from './commit-values.js';
import type { Entry, LoggedOp } from './entry.js';
import { isOfRun, stepsOf } from './records.js';

const jsonOf = (entry: Entry) => JSON.stringify({ line: 1, batch: 1, left: 0, synced: 0, entry });
const commit = (...ops: LoggedOp[]): Entry => ({ kind: 'commit', workflow: 'w', run: 'r', ops });
const put = (id: string, text: string, attachments?: string[]): LoggedOp => {
  return { op: 'put', id, value: { text, ...(attachments ? { attachments } : {}) } };
};
const row = { workflow: 'w', run: 'r', key: 'k', seq: 1, status: 'running' } as Extract<LoggedOp, { op: 'run' }>['row'];
const head: LoggedOp = { op: 'run', row };

/** What is found in a line, as it is parsed. */
function found(json: string): Map<string, StoredValue> | undefined {
  const parts = commitValues(json);
  if (!parts) return undefined;
  const values = new Map<string, StoredValue>();
  for (let at = 0; at < parts.length; at += 2)
    values.set(parts[at] as string, { text: JSON.parse(parts[at + 1] as string) });
  return values;
}

/** What the line says of values, as it is parsed. */
function parsed(json: string): Map<string, StoredValue> {
  const { entry } = JSON.parse(json) as { entry: Entry };
  const steps = isOfRun(entry) ? stepsOf(entry) : [];
  return new Map(steps.flatMap((step) => (step.is === 'value' ? [[step.id, step.value]] : [])));
}

test('the values that a commit begins with are those that parsing finds, whatever their texts are', () => {
  const json = jsonOf(commit(put('journal/#1/a%20b', '[{"a":1},"x\\"}}"]'), put('state', '{"\u2028é😀\\'), head));
  expect(found(json)).toEqual(parsed(json));
});

test('removals do not stand in the way', () => {
  const [taken, remove]: LoggedOp[] = [
    { op: 'taken', n: 7 },
    { op: 'remove', id: 'seen/x' },
  ] as LoggedOp[];
  const json = jsonOf(commit(taken as LoggedOp, put('a', '[1]'), remove as LoggedOp, put('state', '[2]'), head));
  expect(found(json)).toEqual(parsed(json));
  expect(found(json)?.size).toBe(2);
});

test('a line without values has none', () => {
  expect(found(jsonOf(commit(head)))).toEqual(new Map());
});

describe('left to parsing', () => {
  test.each<[string, Entry]>([
    ['a value that refers to attachments', commit(put('a', '[1]', ['x']), head)],
    ['one of those behind another', commit(put('a', '[1]'), put('b', '"}}', ['x']), head)],
    ['one that is put twice', commit(put('a', '[1]'), put('a', '[2]'), head)],
    ['a value behind something else', commit(put('a', '[1]'), head, put('a', '[2]'))],
    ['a value with an id that JSON escapes', commit(put('a"b', '[1]'), head)],
    [
      'a start in place of what was',
      commit(put('a', '[1]'), { op: 'restart', start: { row, input: { text: '[2]' }, attachments: [] } }),
    ],
    ['what is no commit', { kind: 'start', row, input: { text: '[1]' }, attachments: [] }],
  ])('%s', (_, entry) => {
    expect(found(jsonOf(entry))).toBeUndefined();
  });
});

test('of any commit: what parsing finds, or nothing', () => {
  const pieces = [
    '"',
    '\\',
    '"}}',
    '}}',
    ',"ops":[',
    '{"op":"put","id":"',
    '","value":{"text":',
    'é',
    'a',
    ',"entry":{"kind":"commit",',
  ];
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 8 }).map((parts) => parts.join(''));
  const ids = fc.option(fc.array(text, { maxLength: 2 }), { nil: undefined });
  const op = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(text, text, ids).map(([id, value, refs]) => put(id, value, refs)) },
    { weight: 1, arbitrary: fc.constant(head) },
    { weight: 1, arbitrary: fc.nat().map((n): LoggedOp => ({ op: 'taken', n })) },
    { weight: 1, arbitrary: text.map((id): LoggedOp => ({ op: 'remove', id })) },
  );
  fc.assert(
    fc.property(fc.array(op, { maxLength: 5 }), text, (ops, run) => {
      const json = jsonOf({ kind: 'commit', workflow: 'w', run, ops });
      const values = found(json);
      if (values) expect(values).toEqual(parsed(json));
    }),
    { numRuns: 500 },
  );
});
