import { defineConfig } from '@playwright/test';

const long = Boolean(process.env.HOLDFAST_E2E_LONG);
const report = process.env.PLAYWRIGHT_JSON_OUTPUT_FILE;

export default defineConfig({
  testDir: './tests',
  // Rounds of measurement: npm run e2e:long.
  testIgnore: long ? [] : ['**/long/**'],
  globalSetup: './support/build-demo.ts',
  // Each test has its own browser, profile and server, and mostly waits. What measures has more room.
  workers: long ? 2 : 3,
  // Bounds for what hangs: a test of two seconds was seen to take a minute where thirty programs wanted two cores.
  timeout: 180_000,
  expect: { timeout: 60_000 },
  // A race shows itself in repetition, and never by a retry that hides it.
  repeatEach: Number(process.env.HOLDFAST_E2E_REPEAT ?? 1),
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  reporter: report === undefined ? 'list' : [['list'], ['json', { outputFile: report }]],
});
