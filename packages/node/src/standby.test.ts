import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectHoldfast, openFileStore, openHoldfast } from './index.js';
import { Spawned } from './testing/spawned.test-support.js';

const PROGRAM = fileURLToPath(new URL('../test-programs/standby.mjs', import.meta.url));

let directory: string;
const spawned = new Set<Spawned>();

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
});
afterEach(async () => {
  await Promise.all([...spawned].map((one) => one.kill()));
  spawned.clear();
  await rm(directory, { recursive: true });
});

function host(options: object = {}): Spawned {
  const one = new Spawned(PROGRAM, [directory, JSON.stringify(options)]);
  spawned.add(one);
  return one;
}

async function say(text: string): Promise<void> {
  const holdfast = await connectHoldfast({ directory });
  await holdfast.run('listener', 'one').send({ type: 'SAY', text });
  await holdfast.close();
}

test('a standby takes over from an owner that is killed, soon, and again', async () => {
  const tookMs: number[] = [];
  let owner = host();
  await owner.printed('started');
  for (let kill = 1; kill <= 5; kill++) {
    const standby = host({ whenOwned: 'standby' });
    await standby.printed('started');
    const at = performance.now();
    owner.signal('SIGKILL');
    await standby.printed('owner');
    tookMs.push(performance.now() - at);
    owner = standby;
  }
  await say('hello');
  await owner.printed('heard hello');
  expect(Math.min(...tookMs)).toBeLessThan(1000);
});

test('an owner that was stopped is taken over from, and commits nothing when it goes on', async () => {
  const frozen = host({ whenOwned: 'standby', ownerTimeout: '1s' });
  await frozen.printed('started');
  const standby = host({ whenOwned: 'standby', ownerTimeout: '1s' });
  await standby.printed('started');
  frozen.signal('SIGSTOP');
  await standby.printed('owner');
  await say('hello');
  await standby.printed('heard hello');
  frozen.signal('SIGCONT');
  await frozen.printed('lost');
  expect(frozen.lines).not.toContain('heard hello');
  // It stands by again: it is as good as any other.
  standby.signal('SIGKILL');
  await frozen.printed('owner', 2);
  await say('again');
  await frozen.printed('heard again');
});

test('an owner is waited for; its end in good order is no crash', async () => {
  const first = await openFileStore({ directory });
  const { release } = await first.acquire();
  const second = await openFileStore({ directory, whenOwned: 'wait' });
  let owns = false;
  const waiting = second.acquire().finally(() => {
    owns = true;
  });
  const start = { workflow: 'w', run: 'r', key: 'k', version: 1, seq: 0, status: 'queued', reasons: [] } as const;
  const row = { ...start, createdAt: 0, updatedAt: 0 };
  expect(await second.accept({ kind: 'start', row, input: { text: '1' } })).toEqual({ outcome: 'started' });
  expect([owns, (await first.head(row))?.run]).toEqual([false, 'r']);
  await release();
  expect((await waiting).afterCrash).toBe(false);
  await first.close();
  await second.close();
});

test('a wait ends with the holdfast', async () => {
  const first = await openFileStore({ directory });
  await first.acquire();
  const standby = await openHoldfast({ directory, workflows: [], whenOwned: 'standby' });
  expect(standby.host.getSnapshot()).toBe('standby');
  await standby.close();
  const second = await openFileStore({ directory, whenOwned: 'wait' });
  const ending = new AbortController();
  const waiting = second.acquire({ signal: ending.signal });
  ending.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
  await first.close();
  await second.close();
});

test.each<[string, object]>([
  ['whenOwned', { whenOwned: 'steal' }],
  ['ownerTimeout', { ownerTimeout: '1s' }],
  ['ownerTimeout', { whenOwned: 'wait', ownerTimeout: 50 }],
  ['ownerTimeout', { whenOwned: 'standby', ownerTimeout: 'soon' }],
])('%s as in %j is refused', async (_, options) => {
  await expect(openHoldfast({ directory, workflows: [], ...options })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  });
});
