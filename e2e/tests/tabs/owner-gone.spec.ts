import { expect } from '@playwright/test';
import type { TabsPage } from '../../pages/tabs/main.js';
import { expectWhole, rendererOf, startChain, type Tab, test } from '../../support/tabs.js';

declare const app: TabsPage;

const STEPS = 12;

test('five tabs, and whoever owns the store is closed, until one is left', async ({ ledger, openChainTab }) => {
  const tabs: Tab[] = [];
  for (let n = 0; n < 5; n++) tabs.push(await openChainTab());
  ledger.hold('s2');
  await startChain(tabs[0] as Tab, ledger, STEPS);
  const again: string[] = [];
  for (let at = 2; tabs.length > 1; at += 2) {
    await ledger.requested(`s${at}`, 1);
    again.push(`s${at}`);
    const statuses = await Promise.all(tabs.map((tab) => tab.status()));
    expect(statuses.filter((status) => status === 'owner')).toHaveLength(1);
    const [owner] = tabs.splice(statuses.indexOf('owner'), 1);
    await owner?.page.close();
    await ledger.requested(`s${at}`, 2);
    ledger.hold(`s${at + 2}`);
    ledger.letGo(`s${at}`);
  }
  ledger.letGo('s10');
  await expectWhole(tabs[0] as Tab, ledger, STEPS, again);
});

test("the owner's renderer is killed: another tab goes on, and sees all of it", async ({
  shared,
  ledger,
  openChainTab,
}) => {
  const [owner, other] = [await openChainTab(), await openChainTab()];
  ledger.hold('s5');
  await startChain(owner, ledger, STEPS);
  await ledger.requested('s5', 1);
  const killed = (await owner.status()) === 'owner' ? owner : other;
  const left = killed === owner ? other : owner;
  const pid = await rendererOf(shared, killed);
  const crash = killed.page.waitForEvent('crash');
  process.kill(pid, 'SIGKILL');
  await crash;
  await ledger.requested('s5', 2);
  ledger.letGo('s5');
  await left.untilStatus('owner');
  await expectWhole(left, ledger, STEPS, ['s5']);
});

test('the worker dies under a subscribed run: the page is told, and its handles go on', async ({
  ledger,
  openChainTab,
}) => {
  const tab = await openChainTab();
  ledger.hold('s5');
  await startChain(tab, ledger, STEPS);
  await ledger.requested('s5', 1);
  await tab.page.evaluate(() => app.workers.at(-1)?.terminate());
  await ledger.requested('s5', 2);
  ledger.letGo('s5');
  await expectWhole(tab, ledger, STEPS, ['s5']);
  const statuses = await tab.page.evaluate(() => app.statuses.map(({ status }) => status));
  const [before, after] = [statuses.indexOf('owner'), statuses.lastIndexOf('owner')];
  expect(statuses[0]).toBe('starting');
  expect(statuses.slice(before + 1, after)).toContain('restarting');
});
