import { expect, test } from 'vitest';
import { settled } from '../testing/local.test-support.js';
import { ManualClock } from '../testing/manual-clock.js';
import { Tries } from './tries.js';

const one = { id: 1, name: 'one', idempotencyKey: 'k', attempt: 1, timeoutMs: 1000 };

test('after `close` none begins, also one that was asked for just before', async () => {
  const begun: string[] = [];
  const around = (({ name }: { name: string }) => void begun.push(name)) as never;
  const tries = new Tries({ clock: new ManualClock(), around, overdue: () => {} });
  void tries.begin(one);
  tries.close();
  await settled();
  expect(begun).toEqual([]);
});

test('the end of a body is told when `around` has ended too; its watchdog is gone by then', async () => {
  const clock = new ManualClock();
  let end = () => {};
  const around = ((_: unknown, perform: () => Promise<unknown>) =>
    perform().then(() => new Promise<void>((resolve) => (end = resolve)))) as never;
  const overdue: unknown[] = [];
  const tries = new Tries({ clock, around, overdue: (tried) => overdue.push(tried) });
  await tries.begin(one);
  let ended = false;
  const telling = tries.end(1, undefined).then(() => {
    ended = true;
  });
  await settled();
  expect([ended, tries.underWay, clock.nextAt]).toEqual([false, [], undefined]);
  end();
  await telling;
  expect(ended).toBe(true);
});
