import { expect } from '@playwright/test';
import type { TabsPage } from '../../pages/tabs/main.js';
import { expectWhole, startChain, test } from '../../support/tabs.js';

declare const app: TabsPage;

const STEPS = 8;

test('an owner with older code yields to newer code, which takes its runs along', async ({ ledger, openChainTab }) => {
  const old = await openChainTab();
  ledger.hold('s3');
  await startChain(old, ledger, STEPS);
  await old.untilStatus('owner');
  await ledger.requested('s3', 1);
  const fresh = await openChainTab({ version: 2, hidden: true });
  await fresh.untilStatus('standby');
  ledger.letGo('s3');
  await fresh.untilStatus('owner');
  await expectWhole(fresh, ledger, STEPS, []);
  expect(await fresh.page.evaluate(() => app.run.result())).toBe(`${STEPS} by version 2`);
  // The old one is looked at, and yet does not get it back.
  expect(await old.status()).toBe('standby');
});
