import { expect, type Page } from '@playwright/test';
import type { LinkPage } from '../pages/link/main.js';
import { test } from '../support/shared-browser.js';

declare const app: LinkPage;

test.use({ folder: 'link' });

/** Starts a run with a step that goes on until it is let go. */
async function startLong(tab: Page, id = 'long'): Promise<void> {
  await tab.evaluate(
    (id) =>
      app
        .open()
        .start('ask', { id, input: { service: 'hold' } })
        .then(() => undefined),
    id,
  );
  await untilHeld(tab);
}

/** Opens what the page had open, and waits until the long step is under way in it. */
async function untilHeld(tab: Page): Promise<void> {
  await tab.evaluate(
    () =>
      void app
        .open()
        .runs()
        .subscribe(() => {}),
  );
  await tab.waitForFunction(() => app.holding.length > 0);
}

let reads = 0;

/** The run's head, as it is stored now. */
async function headOf(tab: Page, id = 'long') {
  return tab.evaluate(
    async ([id, read]) => {
      // A query that was not asked before is answered from the store, and not from what the page knows.
      const list = app.open().runs({ limit: 1000 + read });
      const rows = await new Promise<ReturnType<typeof list.getSnapshot>>((resolve) => list.subscribe(resolve));
      return rows.find(({ run }) => run === id);
    },
    [id, ++reads] as const,
  );
}

async function letGo(tab: Page, id = 'long'): Promise<unknown> {
  return tab.evaluate((id) => {
    for (const go of app.holding) go();
    return app.open().run('ask', id).result();
  }, id);
}

test('five plain reloads during a long step pause nothing, and are not taken for crashes', async ({ openTab }) => {
  const tab = await openTab();
  await startLong(tab);
  for (let reload = 0; reload < 5; reload++) {
    await tab.reload();
    await untilHeld(tab);
    expect(await headOf(tab)).not.toHaveProperty('suspicion');
  }
  expect(await letGo(tab)).toBe('let go');
});

test('reloads in quick succession, at whatever instant, are not taken for crashes', async ({ openTab }) => {
  const tab = await openTab();
  await startLong(tab);
  const instants = [
    async () => {},
    () => tab.waitForFunction(() => app.workers.length > 0),
    () => tab.waitForFunction(() => ['owner', 'standby'].includes(app.open().host.getSnapshot())),
    () => tab.waitForFunction(() => app.open().host.getSnapshot() === 'owner'),
  ];
  for (const instant of [...instants, ...instants, ...instants]) {
    await tab.reload();
    await tab.evaluate(
      () =>
        void app
          .open()
          .runs()
          .subscribe(() => {}),
    );
    await instant();
  }
  await untilHeld(tab);
  expect(await headOf(tab)).not.toHaveProperty('suspicion');
  expect(await letGo(tab)).toBe('let go');
});

test('a tab that takes over from one that was closed, or left by a link, does not take that for a crash', async ({
  openTab,
  origin,
}) => {
  const first = await openTab();
  await startLong(first);
  const second = await openTab();
  await second.evaluate(() =>
    app
      .open()
      .start('gate', { id: 'g' })
      .then(() => undefined),
  );
  await first.close();
  await untilHeld(second);
  const third = await openTab();
  await third.evaluate(() =>
    app
      .open()
      .start('gate', { id: 'h' })
      .then(() => undefined),
  );
  await second.goto(`${origin}/elsewhere.html`);
  await untilHeld(third);
  expect(await headOf(third)).not.toHaveProperty('suspicion');
});

test('what another page has noted, and this one can not see yet, is not taken for a crash', async ({ openTab }) => {
  const first = await openTab();
  await startLong(first);
  const second = await openTab();
  await second.evaluate(async () => {
    // Chromium passes on to other processes what is stored, after a while.
    const { getItem } = Storage.prototype;
    Storage.prototype.getItem = function (key) {
      return key.startsWith('holdfast:ended:') ? null : getItem.call(this, key);
    };
    await app.open().start('gate', { id: 'g' });
    const isStore = ({ name = '' }: LockInfo) => name.startsWith('holdfast:') && !name.startsWith('holdfast:alive:');
    const waits = async () => (await navigator.locks.query()).pending?.some(isStore);
    while (!(await waits()));
  });
  await first.close();
  await untilHeld(second);
  expect(await headOf(second)).not.toHaveProperty('suspicion');
});

test('a worker that is ended behind the back of its page has crashed', async ({ openTab }) => {
  const tab = await openTab();
  await startLong(tab);
  await tab.evaluate(() => app.workers.at(-1)?.terminate());
  await tab.waitForFunction(() => app.holding.length > 1);
  expect(await headOf(tab)).toMatchObject({ suspicion: { restores: 1, outlived: 0 } });
});

for (const lack of ['denied', 'full']) {
  test(`where localStorage is ${lack}, nothing is taken for a crash`, async ({ openTab }) => {
    const tab = await openTab();
    await startLong(tab);
    await tab.evaluate((lack) => {
      const refuse = () => {
        throw new DOMException('No.', lack === 'denied' ? 'SecurityError' : 'QuotaExceededError');
      };
      if (lack === 'denied') Object.defineProperty(globalThis, 'localStorage', { get: refuse });
      else Storage.prototype.setItem = refuse;
      app.workers.at(-1)?.terminate();
    }, lack);
    await tab.waitForFunction(() => app.holding.length > 1);
    expect(await headOf(tab)).not.toHaveProperty('suspicion');
  });
}

test('a run whose step ends the worker each time is paused in the page, and its neighbours finish', async ({
  openTab,
}) => {
  const tab = await openTab();
  await startLong(tab);
  await tab.evaluate(async () => {
    const run = await app.open().start('deadly', { id: 'd', input: { times: 99 } });
    run.subscribe(() => {});
  });
  await tab.waitForFunction(() => app.open().run('deadly', 'd').getSnapshot().run.status === 'paused');
  const seen = await tab.evaluate(async () => {
    const run = app.open().run('deadly', 'd');
    const quick = await app.open().start('ask', { id: 'quick', input: { service: 'answer' } });
    return { run: run.getSnapshot().run, quick: await quick.result(), visits: [...app.visits.values()] };
  });
  expect(seen.run).toMatchObject({ status: 'paused', reasons: ['crash-loop'], problem: { code: 'CRASH_LOOP' } });
  expect(seen.quick).toBe('the answer to a question of a step');
  expect(seen.visits).toEqual([4]);
  await untilHeld(tab);
  expect(await letGo(tab)).toBe('let go');

  await tab.reload();
  const after = await tab.evaluate(async () => {
    const run = app.open().run('deadly', 'd');
    const seen = new Promise((resolve) =>
      run.subscribe(({ run: { status } }) => status !== 'unknown' && resolve(status)),
    );
    const opened = { status: await seen, workers: app.workers.length };
    await run.delete();
    return { ...opened, deleted: await app.outcomeOf(run.result()) };
  });
  expect(after).toMatchObject({ status: 'paused', workers: 1, deleted: { code: 'RUN_UNKNOWN' } });
});

test('a run that never gives the thread back is paused when the page was reloaded for it again and again', async ({
  openTab,
}) => {
  test.setTimeout(120_000);
  const tab = await openTab();
  const readyTimeout = 2000;
  const look = () =>
    tab.evaluate((readyTimeout) => {
      app
        .open({ readyTimeout })
        .run('stuck', 's')
        .subscribe(() => {});
    }, readyTimeout);
  // As long as a person has patience: longer than the worker may owe an answer.
  const isPaused = () =>
    tab
      .waitForFunction(() => app.open().run('stuck', 's').getSnapshot().run.status === 'paused', null, {
        timeout: 2.5 * readyTimeout,
      })
      .then(
        () => true,
        () => false,
      );
  await look();
  await tab.evaluate(() =>
    app
      .open()
      .start('stuck', { id: 's' })
      .then(() => undefined),
  );
  let reloads = 0;
  for (; reloads < 8 && !(await isPaused()); reloads++) {
    await tab.reload();
    await look();
  }
  expect(reloads).toBeLessThan(8);
  const output = await tab.evaluate(async () => {
    const run = await app.open().start('ask', { input: { service: 'answer' } });
    return run.result();
  });
  expect(output).toBe('the answer to a question of a step');
});
