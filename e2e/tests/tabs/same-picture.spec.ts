import { expect } from '@playwright/test';
import type { TabsPage } from '../../pages/tabs/main.js';
import { expectWhole, startChain, test } from '../../support/tabs.js';

declare const app: TabsPage;

test('a tab that is opened in the middle shows the present state, and then what follows', async ({
  ledger,
  openTab,
}) => {
  const owner = await openTab();
  ledger.hold('s4');
  await startChain(owner, ledger, 6);
  await ledger.requested('s4', 1);
  const tab = await openTab();
  await tab.page.waitForFunction(() => app.seen.some(({ done }) => done === 3));
  expect(await tab.page.evaluate(() => app.seen.map(({ done }) => done).filter((done) => done > 0))).toEqual([3]);
  ledger.letGo('s4');
  await expectWhole(tab, ledger, 6, []);
  expect(await tab.page.evaluate(() => app.seen.at(-1)?.done)).toBe(6);
});

test('what is done while a page has no host it sees when it has one again', async ({ ledger, openTab }) => {
  const [owner, tab] = [await openTab(), await openTab()];
  await startChain(owner, ledger, 6);
  await expectWhole(owner, ledger, 6, []);
  await tab.page.evaluate(() => app.workers.at(-1)?.terminate());
  await expectWhole(tab, ledger, 6, []);
});
