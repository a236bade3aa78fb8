import { expect, type Page } from '@playwright/test';
import type { OfflinePage } from '../pages/offline/main.js';
import { test } from '../support/shared-browser.js';
import { openStepLedger, type StepLedger } from '../support/step-ledger.js';

declare const app: OfflinePage;

let ledger: StepLedger;
let tab: Page;

test.use({ folder: 'offline' });

test.beforeEach(async ({ openTab }) => {
  [tab, ledger] = await Promise.all([openTab(), openStepLedger()]);
});
test.afterEach(() => ledger?.close());

const start = () =>
  tab.evaluate(
    async (url) => void (await app.holdfast.start('upload', { id: '1', input: { ledger: url } })),
    ledger.url,
  );
const result = () => tab.evaluate(() => app.holdfast.run('upload', '1').result());
const untilOnline = (wanted: boolean) =>
  tab.waitForFunction((online) => app.holdfast.connectivity.getSnapshot().online === online, wanted);
const state = () => tab.evaluate(() => ({ onLine: navigator.onLine, seen: app.seen }));

test('a step waits while the server does not answer, though the browser says online', async () => {
  ledger.cut(true);
  await start();
  await untilOnline(false);
  expect(await state()).toEqual({ onLine: true, seen: [false] });
  ledger.cut(false);
  expect(await result()).toBe(1);
  expect(await state()).toEqual({ onLine: true, seen: [false, true] });
  expect(ledger.keysOf('upload').length).toBe(1);
});

test('a try that the network ends is not counted, and made again under its key', async () => {
  ledger.hold('upload');
  await start();
  await ledger.requested('upload', 1);
  ledger.cut(true);
  await untilOnline(false);
  ledger.letGo('upload');
  ledger.cut(false);
  expect(await result()).toBe(1);
  const [first, second, ...more] = ledger.keysOf('upload');
  expect([second, more]).toEqual([first, []]);
});

test('nothing is probed while the browser says offline, or nobody waits', async ({ context }) => {
  // Its worker has to be there: what is offline loads no script.
  await tab.evaluate(() => void app.holdfast.runs().subscribe(() => {}));
  await tab.waitForFunction(() => app.holdfast.host.getSnapshot() === 'owner');
  await context.setOffline(true);
  await untilOnline(false);
  await start();
  expect(ledger.asks).toEqual([]);
  await context.setOffline(false);
  expect(await result()).toBe(1);
  await untilOnline(true);
  expect(await state()).toEqual({ onLine: true, seen: [false, true] });
  expect(ledger.asks.map(({ step }) => step)).toEqual(['probe', 'upload']);
});
