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
  timeout: 60_000,
  // What is waited for here takes seconds on a busy machine: a wait that ends early tells nothing.
  expect: { timeout: 20_000 },
  // A race shows itself in repetition, and never by a retry that hides it.
  repeatEach: Number(process.env.HOLDFAST_E2E_REPEAT ?? 1),
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  reporter: report === undefined ? 'list' : [['list'], ['json', { outputFile: report }]],
});
