// Counts what the test runners and checks found, so that one line can close the whole run.

/** @typedef {{ passed: number, failed: number, skipped: number }} Tally */

/**
 * What one runner ended with: its report as it stands in its JSON file, undefined when it wrote none.
 * @template Report
 * @typedef {{ code: number | null, report: Report | undefined }} RunnerEnd
 */

/**
 * @typedef {object} VitestReport
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {readonly { status: string, assertionResults: readonly unknown[] }[]} testResults one per file
 */

/**
 * @typedef {object} PlaywrightReport
 * @property {{ expected: number, unexpected: number, flaky: number, skipped: number }} stats
 * @property {readonly unknown[]} errors outside of any test
 */

/**
 * @param {RunnerEnd<VitestReport>} end
 * @returns {Tally}
 */
export function tallyVitest({ code, report }) {
  // A file that could not be loaded has failed without a test of it being counted.
  const unloaded = report?.testResults.filter((f) => f.status === 'failed' && f.assertionResults.length === 0) ?? [];
  return distrustSilence(code, {
    passed: report?.numPassedTests ?? 0,
    failed: (report?.numFailedTests ?? 0) + unloaded.length,
    skipped: (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0),
  });
}

/**
 * @param {RunnerEnd<PlaywrightReport>} end
 * @returns {Tally}
 */
export function tallyPlaywright({ code, report }) {
  const { expected = 0, unexpected = 0, flaky = 0, skipped = 0 } = report?.stats ?? {};
  const failed = unexpected + flaky + (report?.errors.length ?? 0);
  return distrustSilence(code, { passed: expected, failed, skipped });
}

/**
 * A runner that failed without a failed test, or ran no test at all, counts as one failure.
 * @param {number | null} code
 * @param {Tally} tally
 * @returns {Tally}
 */
function distrustSilence(code, tally) {
  const silent = tally.failed === 0 && (code !== 0 || tally.passed === 0);
  return silent ? { ...tally, failed: 1 } : tally;
}

/**
 * @param {readonly Tally[]} tallies
 * @returns {Tally}
 */
export function sum(tallies) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { passed, failed, skipped } of tallies) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }
  return total;
}

/** @param {Tally} tally */
export function tallyLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
