import { expect } from '@playwright/test';
import type { TabsPage } from '../../pages/tabs/main.js';
import { expectWhole, startChain, test } from '../../support/tabs.js';

declare const app: TabsPage;

const STEPS = 8;

test('a visible owner keeps the store, and of two hidden tabs the one that has it', async ({
  ledger,
  openChainTab,
}) => {
  const owner = await openChainTab({ hidden: true });
  await startChain(owner, ledger, 1);
  await expectWhole(owner, ledger, 1, []);
  const second = await openChainTab({ hidden: true });
  await second.untilStatus('standby');
  // It has claimed in vain once it has claimed again.
  const claims = (tab: typeof owner, times: number) =>
    tab.page.evaluate(
      (wanted) =>
        new Promise<void>((resolve) => {
          let heard = 0;
          const channel = new BroadcastChannel('holdfast:holdfast:claims');
          channel.onmessage = ({ data }) => {
            if (data.word === 'claim' && ++heard === wanted) resolve();
          };
        }),
      times,
    );
  await claims(owner, 2);
  expect(await owner.status()).toBe('owner');
  await owner.page.evaluate(() => app.setVisible(true));
  await second.page.evaluate(() => app.setVisible(true));
  await claims(owner, 2);
  expect(await owner.status()).toBe('owner');
});

test('newer code does not wait for ever for a moment between two steps', async ({ ledger, openChainTab }) => {
  const old = await openChainTab();
  ledger.hold('s3');
  await startChain(old, ledger, STEPS);
  await old.untilStatus('owner');
  await ledger.requested('s3', 1);
  const fresh = await openChainTab({ version: 2 });
  await fresh.untilStatus('owner');
  await ledger.requested('s3', 2);
  ledger.letGo('s3');
  await expectWhole(fresh, ledger, STEPS, ['s3']);
});
