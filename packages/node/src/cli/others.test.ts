import { describe, expect, test } from 'vitest';
import { commands, EXPENSE, lines } from './commands.test-support.js';

const { holdfast, start } = commands();

const begin = () => holdfast(['run', EXPENSE, '--id', 'taxi', '--input', '-', '--until-waiting'], { input: '{}' });

describe('while another process hosts the store', () => {
  test('runs are paused, resumed, cancelled and deleted from elsewhere, and watched', async () => {
    await begin();
    const owner = start(['serve', EXPENSE]);
    await owner.printed('expense/taxi waiting');
    const watched = start(['watch', 'taxi', '--json']);
    await watched.printed('"status":"waiting"');
    for (const [asked, becomes] of [
      ['pause', 'paused'],
      ['resume', 'waiting'],
      ['cancel', 'cancelled'],
    ] as const) {
      expect(await holdfast([asked, 'taxi'])).toEqual({ code: 0, out: `expense/taxi: ${asked}\n`, err: '' });
      await owner.printed(`expense/taxi ${becomes}`);
    }
    expect(await watched.code).toBe(0);
    const seen = lines(await watched.out()).map(({ status }) => status);
    expect([seen.includes('paused'), seen.at(-1)]).toEqual([true, 'cancelled']);
    expect((await holdfast(['prune', '--closed-before', '0s', '--yes'])).code).toBe(0);
    await expect.poll(async () => (await holdfast(['list'])).out).toBe('No runs.\n');
    expect((await holdfast(['send', 'taxi', 'APPROVE'])).code).toBe(3);
  });

  test('a standby waits, and takes over when the host is killed', async () => {
    await begin();
    const first = start(['serve', EXPENSE]);
    await first.printed('expense/taxi waiting');
    const second = start(['serve', EXPENSE, '--standby']);
    await second.printed('expense/taxi waiting');
    first.child.kill('SIGKILL');
    await first.code;
    await holdfast(['send', 'taxi', 'APPROVE', '--data', '{"by":"bob"}']);
    await second.printed('expense/taxi done');
    second.child.kill('SIGTERM');
    expect([await second.code, await second.err]).toEqual([
      0,
      'Standing by for the host of .holdfast.\nStop with Ctrl+C.\nHosting .holdfast.\n',
    ]);
  });
});

test('a host with nothing to do stays, for what others send', async () => {
  await begin();
  await holdfast(['cancel', 'taxi']);
  const host = start(['serve', EXPENSE, '--json']);
  await host.printed('"status":"cancelled"');
  expect((await holdfast(['run', EXPENSE])).code).toBe(4);
  host.child.kill('SIGTERM');
  expect(await host.code).toBe(0);
});
