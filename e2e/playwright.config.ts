import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests',
  globalSetup: './support/build-demo.ts',
  workers: 1,
  timeout: 60_000,
  // A race shows itself in repetition, and never by a retry that hides it.
  repeatEach: Number(process.env.HOLDFAST_E2E_REPEAT ?? 1),
  retries: 0,
  reporter: 'list',
});
