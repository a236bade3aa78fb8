import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Spawned } from './testing/spawned.test-support.js';
import { inShort } from './testing/sweep.test-support.js';

const at = (file: string) => fileURLToPath(new URL(`../test-programs/${file}`, import.meta.url));
const SENDERS = 10;
const EVENTS = inShort(40, 100);

let directory: string;
const spawned: Spawned[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
});
afterEach(async () => {
  await Promise.all(spawned.splice(0).map((one) => one.kill()));
  await rm(directory, { recursive: true });
});

function run(file: string, ...args: string[]): Spawned {
  const one = new Spawned(at(file), [directory, ...args]);
  spawned.push(one);
  return one;
}

test('ten processes send many events each: each is taken once, those of each sender in their order', {
  timeout: 120_000,
}, async () => {
  const owner = run('standby.mjs');
  await owner.printed('started');
  const senders = Array.from({ length: SENDERS }, (_, name) => run('sender.mjs', `s${name}`, String(EVENTS)));
  expect(await Promise.all(senders.map((sender) => sender.ended()))).toEqual(senders.map(() => 0));
  await run('sender.mjs', 'last', '1').ended();
  await owner.printed('heard last 1');
  for (let name = 0; name < SENDERS; name++) {
    const heard = owner.lines.filter((line) => line.startsWith(`heard s${name} `));
    expect(heard).toEqual(Array.from({ length: EVENTS }, (_, n) => `heard s${name} ${n + 1}`));
  }
  expect(await readdir(join(directory, 'mail'))).toEqual([]);
});
