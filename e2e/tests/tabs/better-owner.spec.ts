import { expect } from '@playwright/test';
import type { TabsPage } from '../../pages/tabs/main.js';
import { expectWhole, startChain, test } from '../../support/tabs.js';

declare const app: TabsPage;

const STEPS = 8;

test('a hidden owner hands over to a visible tab between two steps: none is asked for twice', async ({
  ledger,
  openChainTab,
}) => {
  const hidden = await openChainTab();
  ledger.hold('s3');
  await startChain(hidden, ledger, STEPS);
  await hidden.untilStatus('owner');
  await ledger.requested('s3', 1);
  await hidden.page.evaluate(() => app.setVisible(false));
  const tab = await openChainTab();
  await tab.untilStatus('standby');
  // Claimed by now, and not given away in the middle of a step.
  expect(await hidden.status()).toBe('owner');
  ledger.letGo('s3');
  await tab.untilStatus('owner');
  await expectWhole(tab, ledger, STEPS, []);
  await hidden.untilStatus('standby');
});

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
