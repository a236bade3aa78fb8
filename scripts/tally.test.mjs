import { expect, test } from 'vitest';
import { sum, tallyLine, tallyPlaywright, tallyVitest } from './tally.mjs';

const passedFile = { status: 'passed', assertionResults: [{}] };
const vitest = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [passedFile] };
const stats = { expected: 3, unexpected: 0, flaky: 0, skipped: 0 };

test('tests are counted by outcome', () => {
  const mixed = { ...vitest, numFailedTests: 2, numPendingTests: 1, numTodoTests: 1 };
  expect(tallyVitest({ code: 1, report: mixed })).toEqual({ passed: 5, failed: 2, skipped: 2 });
  const played = { stats: { ...stats, unexpected: 1, skipped: 4 }, errors: [] };
  expect(tallyPlaywright({ code: 1, report: played })).toEqual({ passed: 3, failed: 1, skipped: 4 });
});

test('a test file that could not be loaded is a failure', () => {
  const testResults = [passedFile, { status: 'failed', assertionResults: [] }];
  expect(tallyVitest({ code: 1, report: { ...vitest, testResults } }).failed).toBe(1);
});

test('a flaky browser test and an error outside of the tests are failures', () => {
  const report = { stats: { ...stats, flaky: 1 }, errors: [{}] };
  expect(tallyPlaywright({ code: 0, report }).failed).toBe(2);
});

test('a runner that ran nothing, wrote no report or failed without a failed test is a failure', () => {
  const nothing = { ...vitest, numPassedTests: 0, testResults: [] };
  expect(tallyVitest({ code: 0, report: nothing }).failed).toBe(1);
  expect(tallyVitest({ code: 1, report: vitest }).failed).toBe(1);
  expect(tallyVitest({ code: null, report: undefined }).failed).toBe(1);
  expect(tallyPlaywright({ code: 0, report: undefined }).failed).toBe(1);
  expect(
    tallyPlaywright({ code: 0, report: { stats: { ...stats, expected: 0, skipped: 3 }, errors: [] } }).failed,
  ).toBe(1);
  expect(tallyPlaywright({ code: null, report: { stats, errors: [] } }).failed).toBe(1);
});

test('the closing line sums every runner and mentions skipped tests when there are any', () => {
  const tallies = [
    { passed: 5, failed: 0, skipped: 0 },
    { passed: 1, failed: 2, skipped: 0 },
  ];
  expect(tallyLine(sum(tallies))).toBe('6 passed, 2 failed');
  expect(tallyLine(sum([...tallies, { passed: 0, failed: 0, skipped: 3 }]))).toBe('6 passed, 2 failed, 3 skipped');
});
