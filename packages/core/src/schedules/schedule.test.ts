import { expect, test } from 'vitest';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import { schedule } from './schedule.js';

const report = defineWorkflow({ id: 'report', version: 1, logic: fromSteps(async () => 1) });

/** The first occurrences after an instant, in UTC. */
function after(from: string, cron: string, timeZone: string, count = 3): string[] {
  const { next, previous } = schedule(report, { cron, timeZone });
  const found: string[] = [];
  for (let at = next(Date.parse(from)); at !== undefined && found.length < count; at = next(at)) {
    expect(previous(at + 1)).toBe(at);
    found.push(new Date(at).toISOString().slice(5, 16));
  }
  return found;
}

const BERLIN = 'Europe/Berlin';
const NEW_YORK = 'America/New_York';

test.each([
  ['is at its time of day, before and after', '2026-03-28T12:00Z', '0 9 * * *', BERLIN, '03-29T07:00', '03-30T07:00'],
  [
    'that is left out is when clocks are put forward',
    '2026-03-28T12:00Z',
    '30 2 * * *',
    BERLIN,
    '03-29T01:00',
    '03-30T00:30',
  ],
  [
    'goes by time that passes where it repeats',
    '2026-03-29T00:15Z',
    '*/30 * * * *',
    BERLIN,
    '03-29T00:30',
    '03-29T01:00',
  ],
  ['that is left out, in New York', '2026-03-07T12:00Z', '30 2 * * *', NEW_YORK, '03-08T07:00', '03-09T06:30'],
])('where clocks are put forward, one %s', (_, from, cron, timeZone, ...expected) => {
  expect(after(from, cron, timeZone, 2)).toEqual(expected);
});

test.each([
  ['that comes twice is the first one', '2026-10-24T12:00Z', '30 2 * * *', BERLIN, ['10-25T00:30', '10-26T01:30']],
  ['that comes twice, in New York', '2026-10-31T12:00Z', '30 1 * * *', NEW_YORK, ['11-01T05:30', '11-02T06:30']],
  [
    'is each time where it repeats',
    '2026-10-31T12:00Z',
    '*/30 1 * * *',
    NEW_YORK,
    ['11-01T05:00', '11-01T05:30', '11-01T06:00', '11-01T06:30', '11-02T06:00'],
  ],
])('where clocks are put back, one %s', (_, from, cron, timeZone, expected) => {
  expect(after(from, cron, timeZone, expected.length)).toEqual(expected);
});

test('a day that never is has no occurrence', () => {
  expect(after('2026-01-01T00:00Z', '0 0 30 2 *', 'UTC')).toEqual([]);
});

test.each([
  [{ cron: 'every day' }],
  [{ cron: '* * *' }],
  [{ cron: '2026-01-01T00:00:00' }],
  [{ cron: '61 * * * *' }],
  [{ timeZone: 'Mars/Olympus' }],
  [{ timeZone: undefined }],
  [{ catchUp: 'some' }],
  [{ overlap: 'allow' }],
  [{ id: '' }],
])('%j is refused', (wrong) => {
  const options = { cron: '0 0 * * *', timeZone: 'UTC', ...wrong } as never;
  expect(() => schedule(report, options)).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      details: expect.objectContaining({ option: Object.keys(wrong)[0] }),
    }),
  );
});
