import { expect, test, vi } from 'vitest';
import { settle } from './settle.js';

test('what was silent because its process was not let run is waited for', async () => {
  // Others have the cores for a second, whenever somebody looks.
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000));
  const underWay = new Set(['a body']);
  let [activity, looks] = [0, 0];
  const body = async () => {
    for (let timers = 0; timers < 3; timers++) await new Promise((resolve) => setTimeout(resolve));
    underWay.clear();
    activity++;
  };
  const busy = () => {
    // At the last of the turns, before the first timer: however slow they were, it has three timers ahead of it.
    if (++looks === 7) void body();
    return { activity, underWay };
  };
  await settle(busy, 5);
  expect([...underWay]).toEqual([]);
});
