import { expect } from '@playwright/test';
import { expectWhole, startChain, test } from '../../support/tabs.js';

const STEPS = 6;

test('a host without a worker runs, and goes on after a reload in the middle of a step', async ({
  ledger,
  openChainTab,
}) => {
  const tab = await openChainTab({ here: true });
  ledger.hold('s3');
  await startChain(tab, ledger, STEPS);
  await ledger.requested('s3', 1);
  await tab.page.reload();
  await ledger.requested('s3', 2);
  ledger.letGo('s3');
  await expectWhole(tab, ledger, STEPS, ['s3']);
});

test('a page with such a host gives the store away when it is left, and follows when it is back', async ({
  ledger,
  openChainTab,
}) => {
  const away = await openChainTab({ here: true });
  ledger.hold('s3');
  await startChain(away, ledger, STEPS);
  await ledger.requested('s3', 1);
  const tab = await openChainTab();
  await tab.untilStatus('standby');
  // When the call is over: a page that is left can't answer it.
  await away.page.evaluate(() => void setTimeout(() => location.assign('/elsewhere.html')));
  await away.page.waitForURL('**/elsewhere.html');
  await ledger.requested('s3', 2);
  ledger.letGo('s3');
  await expectWhole(tab, ledger, STEPS, ['s3']);
  await away.page.evaluate(() => void setTimeout(() => history.back()));
  await away.page.waitForFunction(() => 'app' in globalThis);
  await expectWhole(away, ledger, STEPS, ['s3']);
  expect(await away.status()).toBe('standby');
});
