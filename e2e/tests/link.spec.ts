import { expect, type Page } from '@playwright/test';
import type { LinkPage } from '../pages/link/main.js';
import { serveSource } from '../support/pages.js';
import { INSECURE_HOST, test } from '../support/shared-browser.js';

declare const app: LinkPage;

test.use({ folder: 'link' });

async function untilOwner(tab: Page): Promise<void> {
  await tab.waitForFunction(() => app.open().host.getSnapshot() === 'owner');
}

test('nothing starts before the first call', async ({ openTab }) => {
  const tab = await openTab();
  const made = await tab.evaluate(() => {
    app.open().run('gate', 'one');
    return app.workers.length;
  });
  expect(made).toBe(0);
});

test('step code and XState are in the worker, and not in what the page loads', async ({ openTab }) => {
  const tab = await openTab();
  const bundles = await tab.evaluate(async () => {
    const textOf = async (url: string) => (await fetch(url)).text();
    const loaded = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js'));
    const page = (await Promise.all(loaded.map(({ name }) => textOf(name)))).join();
    const worker = /\/assets\/worker-[\w-]+\.js/.exec(page)?.[0];
    return { page, worker: worker ? await textOf(worker) : '' };
  });
  for (const sentinel of ['a question of a step', 'xstate.init']) {
    expect(bundles.worker.includes(sentinel), `${sentinel} in the worker`).toBe(true);
    expect(bundles.page.includes(sentinel), `${sentinel} in the page`).toBe(false);
  }
});

test('a run goes from start to result, over a service of the page', async ({ openTab }) => {
  const tab = await openTab();
  const output = await tab.evaluate(async () => {
    const run = await app.open().start('ask', { input: { service: 'answer' } });
    return run.result();
  });
  expect(output).toBe('the answer to a question of a step');
});

test('an isolated step that spins holds nothing up, and ends with its timeout', async ({ openTab }) => {
  const tab = await openTab();
  const seen = await tab.evaluate(async () => {
    const holdfast = app.open();
    // This one has no timeout: what it holds up would never come.
    const endless = await holdfast.start('endless', {});
    while (!app.visits.has('endless')) await new Promise((resolve) => setTimeout(resolve, 10));
    const beside = await (await holdfast.start('ask', { input: { service: 'answer' } })).result();
    await endless.terminate();
    const output = await (await holdfast.start('spinning', {})).result();
    return { beside, output, hosts: app.workers.length };
  });
  expect(seen).toEqual({
    beside: 'the answer to a question of a step',
    output: expect.stringMatching(/^the answer to try \d+$/),
    hosts: 1,
  });
});

test('in development, too, a step worker is made of the same script', async ({ openTab }) => {
  const source = await serveSource('link');
  try {
    const tab = await openTab(source.url);
    const output = await tab.evaluate(async () => (await app.open().start('throwing', {})).result());
    expect(output).toBe('try 2');
  } finally {
    await source.close();
  }
});

test('a step that takes its step worker down has failed, and is tried again in another one', async ({ openTab }) => {
  const tab = await openTab();
  const seen = await tab.evaluate(async () => {
    const run = await app.open().start('throwing', {});
    return { output: await run.result(), history: await run.history() };
  });
  expect(seen.output).toBe('try 2');
  expect(seen.history.map(({ arrival }) => arrival)).toContainEqual(
    expect.objectContaining({ name: 'throw', outcome: 'retrying', attempts: 1 }),
  );
});

test("a service's own error reaches the step as it was thrown", async ({ openTab }) => {
  const tab = await openTab();
  const outcome = await tab.evaluate(async () => {
    const run = await app.open().start('ask', { input: { service: 'refuse' } });
    return app.outcomeOf(run.result());
  });
  expect(outcome).toMatchObject({ code: 'RUN_FAILED', cause: { name: 'RangeError', code: 'CLOSED_ON_SUNDAYS' } });
});

for (const [service, code] of [
  ['unheard of', 'SERVICE_UNKNOWN'],
  ['uncloneable', 'SERVICE_FAILED'],
] as const) {
  test(`a service that is ${service} fails the step with ${code}`, async ({ openTab }) => {
    const tab = await openTab();
    const outcome = await tab.evaluate(async (name) => {
      const run = await app.open().start('ask', { input: { service: name } });
      return app.outcomeOf(run.result());
    }, service);
    expect(outcome).toMatchObject({ code: 'RUN_FAILED', cause: { code } });
  });
}

test('a refusal of the host keeps its code and details', async ({ openTab }) => {
  const tab = await openTab();
  const outcome = await tab.evaluate(() => app.outcomeOf(app.open().start('no such workflow' as 'gate')));
  expect(outcome).toMatchObject({ code: 'WORKFLOW_UNKNOWN', details: { workflow: 'no such workflow' } });
});

test('a page has one holdfast per name, until it is closed', async ({ openTab }) => {
  const tab = await openTab();
  const seen = await tab.evaluate(async () => {
    const first = app.open();
    const same = first === app.open();
    const other = first === app.open({ name: 'other' });
    await first.start('gate', { id: 'one' });
    const hanging = app.outcomeOf(first.run('gate', 'one').result());
    const { held = [] } = await navigator.locks.query();
    await first.close();
    // Granted when the worker is gone, whose locks these are.
    for (const { name = '' } of held) await navigator.locks.request(name, () => undefined);
    const late = await app.outcomeOf(first.start('gate'));
    const next = app.open();
    await next.start('gate', { id: 'one' });
    return {
      same,
      other,
      hanging: await hanging,
      late,
      renewed: next !== first,
      alive: held.some(({ name }) => name?.startsWith('holdfast:alive:')),
    };
  });
  expect(seen).toMatchObject({ same: true, other: false, renewed: true, alive: true });
  expect(seen.hanging).toMatchObject({ code: 'CLOSED' });
  expect(seen.late).toMatchObject({ code: 'CLOSED' });
});

test('a page and a worker that name different stores are told', async ({ openTab }) => {
  const tab = await openTab();
  const outcome = await tab.evaluate(() => app.outcomeOf(app.open({ script: 'named' }).start('gate')));
  expect(outcome).toMatchObject({
    code: 'OPTION_INVALID',
    details: { option: 'name', worker: 'of-the-worker', page: 'holdfast' },
  });
});

test.describe('a dead worker', () => {
  test('a call under way is made again on the next', async ({ openTab }) => {
    const tab = await openTab();
    const outcome = await tab.evaluate(async () => {
      const holdfast = app.open();
      await holdfast.start('gate', { id: 'before' });
      const under = app.outcomeOf(holdfast.start('gate', { id: 'under way' }).then(({ id }) => id));
      app.workers.at(-1)?.terminate();
      return { under: await under, workers: app.workers.length };
    });
    expect(outcome).toEqual({ under: { value: 'under way' }, workers: 2 });
  });

  test('that ended itself in a step is followed by one that goes on, and the page still sees the run', async ({
    openTab,
  }) => {
    const tab = await openTab();
    const outcome = await tab.evaluate(async () => {
      const run = await app.open().start('deadly', { input: { times: 2 } });
      return { output: await run.result(), workers: app.workers.length };
    });
    expect(outcome).toEqual({ output: 3, workers: 3 });
  });

  test('that died while it was being connected is tried again', async ({ openTab }) => {
    const tab = await openTab();
    const outcome = await tab.evaluate(async () => {
      const started = await app.outcomeOf(
        app
          .open({ stillborn: 2 })
          .start('gate', { id: 'one' })
          .then(({ id }) => id),
      );
      return { started, workers: app.workers.length };
    });
    expect(outcome).toEqual({ started: { value: 'one' }, workers: 3 });
  });

  test('again and again is told to the callers', async ({ openTab }) => {
    const tab = await openTab();
    const seen = await tab.evaluate(async () => {
      const holdfast = app.open({ stillborn: 99 });
      const started = app.outcomeOf(holdfast.start('gate'));
      const result = app.outcomeOf(holdfast.run('gate', 'one').result());
      return { started: await started, result: await result, status: holdfast.host.getSnapshot() };
    });
    const unreachable = { code: 'HOST_UNREACHABLE', details: { reason: 'died' } };
    expect(seen).toMatchObject({ started: unreachable, result: unreachable, status: 'unreachable' });
  });

  test('is told to who has waited since before, and another one is tried all the same', async ({ openTab }) => {
    const tab = await openTab();
    const seen = await tab.evaluate(async () => {
      const holdfast = app.open();
      const run = await holdfast.start('gate', { id: 'one' });
      const waiting = app.outcomeOf(run.result());
      app.mortal.now = true;
      app.workers.at(-1)?.terminate();
      const told = await waiting;
      const status = holdfast.host.getSnapshot();
      app.mortal.now = false;
      await run.send({ type: 'GO' });
      await run.result();
      return { told, status };
    });
    expect(seen).toMatchObject({ told: { code: 'HOST_UNREACHABLE' }, status: 'unreachable' });
  });
});

test.describe('no worker to be had', () => {
  test('a script that never answers is HOST_UNREACHABLE within the bound', async ({ openTab }) => {
    const tab = await openTab();
    const { outcome, tookMs } = await tab.evaluate(async () => {
      const from = performance.now();
      const outcome = await app.outcomeOf(app.open({ script: 'silent', readyTimeout: 400 }).start('gate'));
      return { outcome, tookMs: performance.now() - from };
    });
    // How late it comes is up to the machine; that it was this bound, its message says.
    expect(outcome).toMatchObject({ code: 'HOST_UNREACHABLE', details: { reason: 'timeout' } });
    expect(outcome).toMatchObject({ message: expect.stringContaining('within 400 ms') });
    expect(tookMs).toBeGreaterThanOrEqual(399);
  });

  for (const script of ['broken', 'missing'] as const) {
    test(`a ${script} script is told at once`, async ({ openTab }) => {
      const tab = await openTab();
      const outcome = await tab.evaluate(
        (name) => app.outcomeOf(app.open({ script: name, readyTimeout: '1h' }).start('gate')),
        script,
      );
      expect(outcome).toMatchObject({ code: 'HOST_UNREACHABLE', details: { reason: 'script' } });
      if (script === 'broken')
        expect(outcome).toHaveProperty('message', expect.stringContaining('this script is broken'));
    });
  }

  test('an insecure context is said plainly', async ({ openTab, origin }) => {
    const tab = await openTab(`http://${INSECURE_HOST}:${new URL(origin).port}`);
    const outcome = await tab.evaluate(async () => {
      const started = await app.outcomeOf(app.open().start('gate'));
      return { secure: isSecureContext, started, workers: app.workers.length };
    });
    expect(outcome).toMatchObject({ secure: false, started: { code: 'INSECURE_CONTEXT' }, workers: 0 });
    expect(outcome.started).toHaveProperty('message', expect.stringContaining('https'));
  });
});

test.describe('two tabs', () => {
  test('one owns, the other stands by and takes over when the first is closed', async ({ openTab }) => {
    const [first, second] = [await openTab(), await openTab()];
    await first.evaluate(() =>
      app
        .open()
        .start('gate', { id: 'one' })
        .then(() => undefined),
    );
    await untilOwner(first);
    await second.evaluate(() =>
      app
        .open()
        .start('gate', { id: 'two' })
        .then(() => undefined),
    );
    expect(await second.evaluate(() => app.open().host.getSnapshot())).toBe('standby');
    await first.close();
    await untilOwner(second);
    await second.evaluate(async () => {
      const run = app.open().run('gate', 'one');
      await run.send({ type: 'GO' });
      await run.result();
    });
  });

  test('what the one that stands by sends, the owner does', async ({ openTab }) => {
    const [owner, other] = [await openTab(), await openTab()];
    await owner.evaluate(() =>
      app
        .open()
        .start('gate', { id: 'one' })
        .then(() => undefined),
    );
    await untilOwner(owner);
    await other.evaluate(async () => {
      const run = await app.open().start('gate', { id: 'two' });
      await run.send({ type: 'GO' });
      await run.result();
    });
    expect(await other.evaluate(() => app.open().host.getSnapshot())).toBe('standby');
  });

  test('the one that stands by has the same live list', async ({ openTab }) => {
    const [owner, other] = [await openTab(), await openTab()];
    const listed = () =>
      other.evaluate(() =>
        app
          .open()
          .runs({ workflow: 'gate' })
          .getSnapshot()
          .map(({ run }) => run),
      );
    await other.evaluate(
      () =>
        void app
          .open()
          .runs({ workflow: 'gate' })
          .subscribe(() => {}),
    );
    for (const id of ['one', 'two']) {
      await owner.evaluate(async (run) => {
        await app.open().start('gate', { id: run });
      }, id);
    }
    await expect.poll(listed).toEqual(['one', 'two']);
    await owner.evaluate(() => app.open().run('gate', 'one').delete());
    await expect.poll(listed).toEqual(['two']);
  });
});

test('a tab in the back/forward cache hands over, and goes on when it returns', async ({ openTab }) => {
  const [tab, other] = [await openTab(), await openTab()];
  await tab.evaluate(async () => {
    const run = await app.open().start('gate', { id: 'one' });
    app.held.result = run.result();
  });
  await untilOwner(tab);
  await tab.evaluate(() => location.assign('/elsewhere.html'));
  await tab.waitForURL('**/elsewhere.html');
  await other.evaluate(() =>
    app
      .open()
      .start('gate', { id: 'two' })
      .then(() => undefined),
  );
  await untilOwner(other);
  await tab.evaluate(() => history.back());
  await tab.waitForFunction(() => 'app' in globalThis);
  // Otherwise the page was loaded anew, and nothing is shown.
  expect(await tab.evaluate(() => app.returns.persisted)).toBe(1);
  await tab.evaluate(async () => {
    await app.open().run('gate', 'one').send({ type: 'GO' });
    await app.held.result;
  });
  expect(await tab.evaluate(() => app.workers.length)).toBe(2);
});

test('a page at work leaves nothing to the garbage collector, whose call would throw it out of the cache', async ({
  context,
  origin,
}) => {
  const tab = await context.newPage();
  await tab.addInitScript(() => {
    const registered: unknown[] = [];
    class Watched extends FinalizationRegistry<unknown> {
      override register(target: WeakKey, held: unknown, token?: WeakKey): void {
        registered.push(held);
        super.register(target, held, token);
      }
    }
    Object.assign(globalThis, { FinalizationRegistry: Watched, registered });
  });
  await tab.goto(origin);
  const registered = await tab.evaluate(async () => {
    const run = await app.open().start('ask', { input: { service: 'answer' } });
    await run.result();
    new FinalizationRegistry(() => undefined).register({}, 'of the test');
    return (globalThis as unknown as { registered: readonly unknown[] }).registered;
  });
  expect(registered).toEqual(['of the test']);
});

test('a step that needs the network waits until the page has it', async ({ context, openTab }) => {
  const tab = await openTab();
  await tab.evaluate(() =>
    app
      .open()
      .start('gate')
      .then(() => undefined),
  );
  await context.setOffline(true);
  const seen = await tab.evaluate(async () => {
    app.held.result = (await app.open().start('remote')).result();
    // One that came later, and needs no network, goes all the way.
    await (await app.open().start('ask', { input: { service: 'answer' } })).result();
    return { online: navigator.onLine, visits: app.visits.size };
  });
  expect(seen).toEqual({ online: false, visits: 0 });
  await context.setOffline(false);
  expect(await tab.evaluate(() => app.held.result)).toBe(1);
});
