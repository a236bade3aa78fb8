import { expect } from '@playwright/test';
import type { TabsPage } from '../../pages/tabs/main.js';
import { expectWhole, rendererOf, startChain, test } from '../../support/tabs.js';

declare const app: TabsPage;

const STEPS = 8;

test('an owner that is stopped without a word is stolen from; when it goes on, it commits nothing', async ({
  shared,
  ledger,
  openChainTab,
}) => {
  const stopped = await openChainTab();
  ledger.hold('s4');
  await startChain(stopped, ledger, STEPS);
  await stopped.untilStatus('owner');
  const tab = await openChainTab();
  await tab.untilStatus('standby');
  const pid = await rendererOf(shared, stopped);
  await ledger.requested('s4', 1);
  process.kill(pid, 'SIGSTOP');
  try {
    await tab.untilStatus('owner');
    await ledger.requested('s4', 2);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  // The answer reaches the stopped owner too, which would commit its step.
  ledger.letGo('s4');
  await expectWhole(tab, ledger, STEPS, ['s4']);
  await stopped.untilStatus('standby');
  await expectWhole(stopped, ledger, STEPS, ['s4']);
});

test('a step that keeps its thread busy is not the death of its host', async ({ ledger, openChainTab }) => {
  const owner = await openChainTab({ readyMs: 2000 });
  await owner.page.evaluate(() => void app.holdfast.runs().subscribe(() => {}));
  await owner.untilStatus('owner');
  const tab = await openChainTab();
  await tab.untilStatus('standby');
  // Longer than a silent owner is waited for.
  await startChain(owner, ledger, 1, 7000);
  await owner.page.waitForFunction(() => app.holdfast.host.getSnapshot() === 'unresponsive');
  await expectWhole(owner, ledger, 1, []);
  expect(await tab.page.evaluate(() => app.statuses.map(({ status }) => status))).not.toContain('owner');
  expect(await owner.status()).toBe('owner');
});

test('an owner whose lock is stolen stops, and stands in line again', async ({ ledger, openChainTab }) => {
  const robbed = await openChainTab();
  ledger.hold('s4');
  await startChain(robbed, ledger, STEPS);
  await robbed.untilStatus('owner');
  await ledger.requested('s4', 1);
  await robbed.page.evaluate(() => navigator.locks.request('holdfast:holdfast', { steal: true }, () => undefined));
  await ledger.requested('s4', 2);
  ledger.letGo('s4');
  await expectWhole(robbed, ledger, STEPS, ['s4']);
});
