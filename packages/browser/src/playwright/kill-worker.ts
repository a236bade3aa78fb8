import type { Page, Worker } from '@playwright/test';

/**
 * Ends the workers of this page that serve a holdfast, without a word to it: as when a step uses up all memory. Resolves
 * when they are gone; the page makes a new one by itself. A worker that never gives its thread back can't be ended so:
 * this waits until it does.
 * @throws TypeError when this page has no such worker (yet): see that a run is shown before.
 *
 * @example
 * await killWorker(page);
 */
export async function killWorker(page: Page): Promise<void> {
  const workers = page.workers();
  const serving = await Promise.all(workers.map((worker) => worker.evaluate(servesHoldfast)));
  const hosts = workers.filter((_, at) => serving[at]);
  if (hosts.length === 0) throw new TypeError(`No worker of ${page.url()} serves a holdfast.`);
  await Promise.all(hosts.map(end));
}

/** Whether the worker it runs in holds the lock by which its page would learn of its death. */
async function servesHoldfast(): Promise<boolean> {
  const own = `holdfast:who:${crypto.randomUUID()}`;
  const { held = [] } = await navigator.locks.request(own, () => navigator.locks.query());
  const self = held.find(({ name }) => name === own)?.clientId;
  return held.some(({ name, clientId }) => clientId === self && name?.startsWith('holdfast:alive:'));
}

async function end(worker: Worker): Promise<void> {
  const gone = worker.waitForEvent('close');
  // It may end before it could answer.
  await Promise.all([gone, worker.evaluate(() => self.close()).catch(() => undefined)]);
}
