import { crashTab, killWorker, restartBrowser, untilCheckpoint } from '@holdfast/browser/playwright';
import { expect, type Page } from '@playwright/test';
import type { LinkPage } from '../pages/link/main.js';
import { test } from '../support/shared-browser.js';

declare const app: LinkPage;

test.use({ folder: 'link' });

const gate = { workflow: 'gate', run: 'one' };

/** Starts a run that waits for GO. */
async function startGate(tab: Page): Promise<Page> {
  await tab.evaluate(() => void app.open().start('gate', { id: 'one' }));
  await untilCheckpoint(tab, gate);
  return tab;
}

function go(tab: Page): Promise<unknown> {
  return tab.evaluate(async () => {
    const run = app.open().run('gate', 'one');
    await run.send({ type: 'GO' });
    await run.result();
    return run.history().then((rows) => rows.length);
  });
}

test('killWorker ends the worker of a page, and the page goes on with another', async ({ openTab }) => {
  const tab = await startGate(await openTab());
  await killWorker(tab);
  expect(await go(tab)).toBe(2);
  expect(await tab.evaluate(() => app.workers.length)).toBe(2);
});

test('killWorker ends the worker of that page alone, and no other worker of it', async ({ openTab }) => {
  const tab = await startGate(await openTab());
  const other = await openTab();
  await other.evaluate(() =>
    app
      .open()
      .start('gate', { id: 'two' })
      .then(() => undefined),
  );
  const asked = other.waitForEvent('worker');
  await other.evaluate(() => {
    const bystander = new Worker(URL.createObjectURL(new Blob(['onmessage = () => postMessage("here")'])));
    Object.assign(globalThis, { bystander });
  });
  await asked;
  await killWorker(other);
  await other.waitForFunction(() => app.workers.length === 2);
  expect(await tab.evaluate(() => app.workers.length)).toBe(1);
  const answer = await other.evaluate(() => {
    const { bystander } = globalThis as unknown as { bystander: Worker };
    return new Promise((resolve) => {
      bystander.onmessage = ({ data }) => resolve(data);
      bystander.postMessage('are you there?');
    });
  });
  expect(answer).toBe('here');
});

test('killWorker says so where there is nothing to kill', async ({ openTab }) => {
  const tab = await openTab();
  await expect(killWorker(tab)).rejects.toThrow(TypeError);
});

test('crashTab ends a page, and another tab goes on', async ({ openTab }) => {
  const tab = await startGate(await openTab());
  await crashTab(tab);
  expect(await go(await openTab())).toBe(2);
});

test('restartBrowser kills the browser, and the runs of its profile go on', async ({ openTab, launch, origin }) => {
  const killed = await launch();
  await startGate(await openTab(origin, killed.context));
  const again = await restartBrowser(killed.context, () => launch({ profile: killed.profile }));
  expect(await go(await openTab(origin, again.context))).toBe(2);
});

test('untilCheckpoint waits for a seq or a step, and makes no database', async ({ openTab }) => {
  const tab = await openTab();
  const query = { workflow: 'ask', run: 'one' };
  await expect(untilCheckpoint(tab, { ...query, timeout: 100 })).rejects.toThrow('after 100 ms');
  expect(await tab.evaluate(() => indexedDB.databases())).toEqual([]);

  const asked = untilCheckpoint(tab, { ...query, step: 'ask' });
  await tab.evaluate(() => void app.open().start('ask', { id: 'one', input: { service: 'answer' } }));
  expect(await asked).toMatchObject({ arrival: { name: 'ask', outcome: 'completed' } });
  const first = await untilCheckpoint(tab, query);
  expect((await untilCheckpoint(tab, { ...query, seq: first.seq + 1 })).seq).toBe(first.seq + 1);
  await expect(untilCheckpoint(tab, { ...query, step: 'another', timeout: 100 })).rejects.toThrow('after 100 ms');
  await expect(untilCheckpoint(tab, { ...query, name: 'another', timeout: 100 })).rejects.toThrow('after 100 ms');
});
