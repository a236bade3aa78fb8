// Measurements that take more than one page.

/**
 * @typedef {object} Tabs
 * @property {() => Promise<import('@playwright/test').Page>} open a new tab with the bench's page
 * @property {(what: string, prepare: () => Promise<void>) => Promise<void>} withStored a browser with what was prepared, once for all rounds
 */

/** @param {import('@playwright/test').Page} page */
const call = (page, program, ...params) =>
  page.evaluate(([name, given]) => globalThis.bench[name](...given), [program, params]);

/** The page of a run is closed after so many steps; a new one comes. */
export async function resume({ open }, { name, steps }) {
  const first = await open();
  await call(first, 'beginStopping', { name, steps });
  await first.close();
  const second = await open();
  const told = await call(second, 'goOn', { name });
  await second.close();
  return told;
}

/** The tab that owns the store is closed while another stands by. */
export async function takeover({ open }, { name }) {
  const owner = await open();
  await call(owner, 'beOpen', { name, status: 'owner' });
  const standby = await open();
  await call(standby, 'beOpen', { name, status: 'standby' });
  const ownerAt = call(standby, 'ownerAt', { name });
  const closedAt = Date.now();
  await owner.close();
  const ms = (await ownerAt) - closedAt;
  await standby.close();
  return { 'ms until owner': ms };
}

/**
 * Many runs that wait, and one that is due soon, in a store whose tab is gone: a new tab opens it. Memory is that of its page and worker, when the first of
 * them was due, garbage left out.
 */
export async function waitingRuns({ open, withStored }, { count, dueInMs }) {
  const name = 'waiting';
  await withStored(`${count} waiting`, async () => {
    const page = await open();
    await call(page, 'inWorker', 'prepareWaiting', { name, count });
    await page.close();
  });
  const first = await open();
  const { dueAt } = await call(first, 'inWorker', 'beginDue', { name, dueInMs });
  await first.close();
  const second = await open();
  const told = await call(second, 'openWaiting', { name, dueAt });
  await second.close();
  return told;
}
