import { type DemoServer, startDemoServer } from './demo-server.js';
import { test as base } from './shared-browser.js';

interface SurvivalFixtures {
  /** A demo server of this test's own: so its pages have an origin of their own, too. */
  server: DemoServer;
}

export const test = base.extend<SurvivalFixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a function needs from its parameter
  server: async ({}, use) => {
    const server = await startDemoServer();
    await use(server);
    await server.stop();
  },
});
