import { type RunRow, runKey } from '@holdfast/core/store';
import { expect, test, vi } from 'vitest';
import { RunIndex } from './run-index.js';
import { RunOrder } from './run-order.js';

const row = (workflow: string, run: string): RunRow => {
  const rest = { key: 'k', version: 1, seq: 1, status: 'waiting', reasons: [], createdAt: 1, updatedAt: 1 } as const;
  return { workflow, run, ...rest };
};

/** As an index tells of them. */
function indexed(rows: readonly RunRow[]): RunOrder {
  const order = new RunOrder();
  for (const row of rows) {
    const [key, head, segment] = [runKey(row), JSON.stringify(row), { file: 'f', length: 0, live: 0 }];
    const run = new RunIndex(key);
    run.adopt({ key, head, live: 10, records: '0,10 head,0,10' }, segment);
    order.add(run);
  }
  return order;
}

test('runs that an index told of come in order of their ids, which are not those of their keys', () => {
  const ids = ['a', 'a-b', 'a b', 'a/b', 'é', '%', '', 'b'];
  const rows = ids.flatMap((workflow) => ids.map((run) => row(workflow, run)));
  const byIds = (a: RunRow, b: RunRow) =>
    a.workflow < b.workflow || (a.workflow === b.workflow && a.run < b.run) ? -1 : 1;
  const expected = [...rows].sort(byIds);
  const order = indexed(rows);
  expect(order.list({ limit: 1000 }).rows).toEqual(expected);
  const paged: RunRow[] = [];
  for (let after: string | undefined; ; ) {
    const page = indexed(rows).list({ limit: 7, ...(after === undefined ? {} : { after }) });
    paged.push(...page.rows);
    if (page.cursor === undefined) break;
    after = page.cursor;
  }
  expect(paged).toEqual(expected);
});

test('a page parses the heads that it gives, and the one after: a store is opened sooner than all are looked at', () => {
  const order = indexed(Array.from({ length: 1000 }, (_, n) => row('w', `run-${n}`)));
  const parse = vi.spyOn(JSON, 'parse');
  try {
    expect(
      order
        .list({ limit: 10 })
        .rows.map(({ run }) => run)
        .slice(0, 3),
    ).toEqual(['run-0', 'run-1', 'run-10']);
    expect(parse).toHaveBeenCalledTimes(11);
    const [first] = order.list({ limit: 1 }).rows;
    expect(Object.isFrozen(first) && Object.isFrozen(first?.reasons)).toBe(true);
    expect(parse).toHaveBeenCalledTimes(11);
  } finally {
    parse.mockRestore();
  }
});
