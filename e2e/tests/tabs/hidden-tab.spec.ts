import { expect } from '@playwright/test';
import { type Browser, launch, type Page } from 'puppeteer-core';
import type { TabsPage } from '../../pages/tabs/main.js';
import { chromiumPath, DEFAULTS_UNDONE, FLAGS } from '../../support/browser.js';
import { until } from '../../support/engines/engine.js';
import { freshProfile } from '../../support/profiles.js';
import { type Driven, expectWhole, startChain, test } from '../../support/tabs.js';

declare const app: TabsPage;

const STEPS = 8;

/** Playwright keeps every page in the foreground, as far as the page can tell: Puppeteer does not. */
let browser: Browser;
test.beforeAll(async () => {
  const options = { headless: true, userDataDir: freshProfile(), ignoreDefaultArgs: [...DEFAULTS_UNDONE] };
  browser = await launch({ ...options, executablePath: chromiumPath() ?? '', args: [...FLAGS] });
});
test.afterAll(() => browser?.close());
test.afterEach(async () => {
  for (const page of (await browser.pages()).slice(1)) await page.close();
});

interface RealTab extends Driven {
  readonly real: Page;
  untilStatus(status: 'owner' | 'standby'): Promise<unknown>;
}

/** Opens a tab in the foreground: all others are hidden then. */
async function open(origin: string): Promise<RealTab> {
  const real = await browser.newPage();
  await real.goto(`${origin}/?version=1&as-it-is`);
  const page: RealTab['page'] = { evaluate: (body, arg) => real.evaluate(body as never, arg as never) as never };
  const untilStatus = (wanted: string) =>
    until(page, `it is ${wanted}`, (status) => app.holdfast.host.getSnapshot() === status, wanted);
  return { page, real, untilStatus };
}

const visibilityOf = ({ page }: Driven) => page.evaluate(() => document.visibilityState);

test('a hidden and throttled tab goes on where there is no other', async ({ ledger, origin }) => {
  const tab = await open(origin);
  ledger.hold('s2');
  await startChain(tab, ledger, STEPS);
  await ledger.requested('s2', 1);
  await (await browser.newPage()).bringToFront();
  await until(tab.page, 'it is hidden', () => document.visibilityState === 'hidden');
  ledger.letGo('s2');
  await expectWhole(tab, ledger, STEPS, []);
  expect(await visibilityOf(tab)).toBe('hidden');
});

test('a hidden owner hands over to the tab that is looked at, between two steps', async ({ ledger, origin }) => {
  const hidden = await open(origin);
  ledger.hold('s3');
  await startChain(hidden, ledger, STEPS);
  await ledger.requested('s3', 1);
  const tab = await open(origin);
  await tab.untilStatus('standby');
  expect([await visibilityOf(hidden), await visibilityOf(tab)]).toEqual(['hidden', 'visible']);
  ledger.letGo('s3');
  await tab.untilStatus('owner');
  await expectWhole(tab, ledger, STEPS, []);
  await hidden.untilStatus('standby');
});

test('a tab that the browser freezes gives the store away at once, and follows when it thaws', async ({
  ledger,
  origin,
}) => {
  const frozen = await open(origin);
  ledger.hold('s4');
  await startChain(frozen, ledger, STEPS);
  await ledger.requested('s4', 1);
  const tab = await open(origin);
  await tab.untilStatus('standby');
  const session = await frozen.real.createCDPSession();
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await ledger.requested('s4', 2);
  ledger.letGo('s4');
  await tab.untilStatus('owner');
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  await frozen.untilStatus('standby');
  await expectWhole(frozen, ledger, STEPS, ['s4']);
});
