import { expect } from '@playwright/test';
import type { TabsPage } from '../../pages/tabs/main.js';
import { expectWhole, startChain, test } from '../../support/tabs.js';

declare const app: TabsPage;

test('a tab that is opened in the middle shows the present state, and then what follows', async ({
  ledger,
  openChainTab,
}) => {
  const owner = await openChainTab();
  ledger.hold('s4');
  await startChain(owner, ledger, 6);
  await ledger.requested('s4', 1);
  const tab = await openChainTab();
  await tab.page.waitForFunction(() => app.seen.some(({ done }) => done === 3));
  expect(await tab.page.evaluate(() => app.seen.map(({ done }) => done).filter((done) => done > 0))).toEqual([3]);
  ledger.letGo('s4');
  await expectWhole(tab, ledger, 6, []);
  expect(await tab.page.evaluate(() => app.seen.at(-1)?.done)).toBe(6);
});

test('nothing of a run happens on the main thread, and every tab sees a commit soon', async ({
  ledger,
  openChainTab,
}) => {
  const [owner, tab] = [await openChainTab(), await openChainTab()];
  const idleMs = await owner.page.evaluate(async () => {
    const gaps: number[] = [];
    for (let last = app.now(); gaps.length < 21; last = app.now()) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      gaps.push(app.now() - last);
    }
    return gaps.sort((a, b) => a - b)[10] ?? 0;
  });
  // What this machine, and whatever else it does, makes of a frame: some 16 ms where it is quiet.
  const busyMs = 2 * idleMs;
  // Two seconds of work in the worker; a page that shared it would draw no frame meanwhile.
  const frames = owner.page.evaluate(async () => {
    const gaps: number[] = [];
    for (let last = app.now(); !app.seen.some(({ done }) => done === 20); last = app.now()) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      gaps.push(app.now() - last);
    }
    return gaps.sort((a, b) => a - b);
  });
  await startChain(owner, ledger, 20, 100);
  const gaps = await frames;
  expect(gaps[Math.floor(gaps.length / 2)]).toBeLessThan(40 + busyMs);
  const seenIn = ({ page }: typeof tab) => page.evaluate(() => app.seen.filter(({ done }) => done > 0));
  await tab.page.evaluate(() => app.run.result());
  const [here, there] = [await seenIn(owner), await seenIn(tab)];
  const delays = there.flatMap(({ done, at }) => here.filter((seen) => seen.done === done).map((seen) => at - seen.at));
  delays.sort((a, b) => a - b);
  expect(delays.length).toBeGreaterThan(10);
  expect(delays[Math.floor(delays.length / 2)], 'after the owner has shown it').toBeLessThan(50 + busyMs);
});

test('what a run emits is heard in every tab, each once and in order', async ({ ledger, openChainTab }) => {
  const [owner, tab] = [await openChainTab(), await openChainTab()];
  await tab.untilStatus('standby');
  // A host that has answered once listens for its page.
  for (const { page } of [owner, tab]) await page.waitForFunction(() => app.run.getSnapshot().run.status === 'absent');
  await startChain(owner, ledger, 3);
  for (const { page } of [owner, tab]) {
    await page.waitForFunction(() => app.emitted.some(({ n }) => n === 3));
    expect(await page.evaluate(() => app.emitted)).toEqual([1, 2, 3].map((n) => ({ type: 'DONE', n })));
  }
});

test('what is done while a page has no host it sees when it has one again', async ({ ledger, openChainTab }) => {
  const [owner, tab] = [await openChainTab(), await openChainTab()];
  await startChain(owner, ledger, 6);
  await expectWhole(owner, ledger, 6, []);
  await tab.page.evaluate(() => app.workers.at(-1)?.terminate());
  await expectWhole(tab, ledger, 6, []);
});
