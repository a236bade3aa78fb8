// Holdfast in the worker that asks: host, store and client in one thread.

import { createIndexedDbStore } from '@holdfast/browser/store';
import { createClient, linkLocally } from '@holdfast/core/client';
import { createHost } from '@holdfast/core/host';
import { changeOf, counter, inARow, states } from '../entrants/holdfast-workflows.mjs';

/**
 * @param {string} name
 * @param {import('@holdfast/core/store').Durability} [durability]
 */
async function open(name, durability = 'strict') {
  const store = createIndexedDbStore({ name, durability });
  const host = createHost({ store, workflows: [inARow, states, counter] });
  host.open();
  await host.owned;
  return createClient(linkLocally(host));
}

export async function sequential({ name, steps, warmUp, logic = 'function', durability }) {
  const holdfast = await open(name, durability);
  await (await holdfast.start(logic, { id: 'warm', input: { steps: warmUp } })).result();
  const ms = /** @type {number} */ (await (await holdfast.start(logic, { id: 'measured', input: { steps } })).result());
  await holdfast.close();
  return { 'steps/s': (steps / ms) * 1000 };
}

export async function context({ name, bytes, events, durability }) {
  const holdfast = await open(name, durability);
  const run = await holdfast.start('counter', { id: 'one', input: { bytes } });
  const change = (n) => run.send(changeOf(n), { until: 'processed' });
  for (let n = 0; n < events; n++) await change(n);
  const startedAt = performance.now();
  for (let n = 0; n < events; n++) await change(n);
  const ms = performance.now() - startedAt;
  await holdfast.close();
  return { 'ms/event': ms / events };
}
