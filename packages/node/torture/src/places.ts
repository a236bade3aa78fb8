import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHoldfastError } from '@holdfast/core';
import { audit } from './audit.js';
import { Child } from './child.js';
import { Client } from './client.js';
import { Ledger } from './ledger.js';
import { copyStill, fails, makeExt4, withMount } from './mounts.js';
import { inspect, unsyncedLibrary } from './processes.js';
import { type Extent, type Outcome, skipped, type TortureTest } from './report.js';
import { withFolder } from './rooms.js';
import { openStore } from './stores.js';
import { work } from './workload.js';

const RUNS = 4;
const FULL_BYTES = 320 << 10;
const ROUNDS = 4;

/** Directories to which something happens while they are worked in. */
export function placeTests({ short, seed = 1 }: Extent): TortureTest[] {
  const make = (name: string, run: (folder: string) => Promise<Outcome>) => ({
    name,
    seed,
    run: () => withFolder(run),
  });
  return [
    make('disk full', (folder) => diskFull(folder, seed)),
    make('mounted read-only', (folder) => readOnly(folder, seed)),
    make('made immutable under way', (folder) => immutable(folder, seed)),
    make('no file handles', (folder) => withoutHandles(folder, seed)),
    make('directory removed under way', (folder) => removed(folder, seed)),
    make('foreign files', (folder) => foreign(folder, seed)),
    make('ext4 without power', (folder) => ext4Cuts(folder, seed, short ? 1 : 20)),
    make('ext4 without power, with syncs that do nothing', (folder) => ext4WithoutSync(folder, seed)),
  ];
}

async function owner(directory: string): Promise<Client> {
  const client = new Client(await openStore({ directory }), new Ledger(), { next: 1 });
  client.epoch = (await client.store.acquire()).epoch;
  return client;
}

/** Whether the store works again. */
async function worksAgain(client: Client): Promise<string[]> {
  const start = { kind: 'start', stamp: client.fresh(), input: 'again', files: {} } as const;
  const outcome = await client.persist(() => client.ask(`again-${start.stamp}`, start));
  return outcome === 'ack' ? [] : [`it does not work again: ${client.lastCode}`];
}

async function diskFull(folder: string, seed: number): Promise<Outcome> {
  const outcome = await withMount(folder, ['-t', 'tmpfs', '-o', `size=${FULL_BYTES}`, 'tmpfs'], async (mounted) => {
    const client = await owner(join(mounted, 'store'));
    const problems: string[] = [];
    let full = 0;
    for (let round = 0; round < ROUNDS && problems.length === 0; round++) {
      const ballast = join(mounted, 'ballast');
      fillUp(ballast);
      await work(client, { runs: RUNS, steps: 10 }, `full ${seed} ${round}`);
      if (client.codes.delete('STORE_FULL')) full++;
      rmSync(ballast);
      problems.push(...(await worksAgain(client)), ...(await audit(client.store, client.ledger)).problems);
      await work(client, { runs: RUNS, steps: 6 }, `space ${seed} ${round}`);
    }
    if (full === 0) problems.push('the disk never was full');
    await client.store.close();
    problems.push(...(await inspect(join(mounted, 'store'), client.ledger)));
    return { counts: { rounds: ROUNDS, full, acks: client.ledger.acks }, problems };
  });
  return typeof outcome === 'string' ? skipped(outcome) : outcome;
}

/** Writes until there is no more space. */
function fillUp(file: string): void {
  for (let size = 1 << 16; size >= 512; size >>= 1) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // Smaller pieces may still fit.
    }
  }
}

async function readOnly(folder: string, seed: number): Promise<Outcome> {
  const outcome = await withMount(folder, ['-t', 'tmpfs', 'tmpfs'], async (mounted) => {
    const directory = join(mounted, 'store');
    const client = await owner(directory);
    await work(client, { runs: RUNS, steps: 10 }, `read-only ${seed}`);
    await client.store.close();
    const why = fails(['mount', '-o', 'remount,ro', mounted]);
    if (why) return why;
    const problems: string[] = [];
    const reader = await openStore({ directory });
    const code = await reader.acquire().then(
      () => 'none',
      (error) => (isHoldfastError(error) ? error.code : String(error)),
    );
    if (code !== 'STORE_UNWRITABLE') problems.push(`acquire was told ${code}`);
    problems.push(...(await audit(reader, client.ledger)).problems);
    const again = fails(['mount', '-o', 'remount,rw', mounted]);
    if (again) return again;
    await reader.acquire();
    await reader.close();
    problems.push(...(await inspect(directory, client.ledger)));
    return { counts: { acks: client.ledger.acks }, problems };
  });
  return typeof outcome === 'string' ? skipped(outcome) : outcome;
}

async function immutable(folder: string, seed: number): Promise<Outcome> {
  const directory = join(folder, 'store');
  const client = await owner(directory);
  await work(client, { runs: RUNS, steps: 6 }, `mutable ${seed}`);
  const problems: string[] = [];
  const names = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = [directory, ...names.map(({ name }) => join(directory, name))];
  const why = fails(['chattr', '+i', ...paths]);
  if (why) {
    fails(['chattr', '-i', ...paths]);
    return skipped(why);
  }
  const before = client.ledger.acks;
  try {
    await work(client, { runs: RUNS, steps: 6 }, `immutable ${seed}`);
  } finally {
    fails(['chattr', '-i', ...paths]);
  }
  const during = client.ledger.acks - before;
  if (!client.codes.has('STORE_UNWRITABLE')) problems.push(`an immutable directory is told as ${[...client.codes]}`);
  problems.push(...(await worksAgain(client)), ...(await audit(client.store, client.ledger)).problems);
  await client.store.close();
  problems.push(...(await inspect(directory, client.ledger)));
  return { counts: { acks: client.ledger.acks, during }, problems };
}

async function withoutHandles(folder: string, seed: number): Promise<Outcome> {
  const [directory, ledger] = [join(folder, 'store'), new Ledger()];
  const options = { directory, seed: `handles ${seed}`, next: 1, runs: RUNS, steps: 8, handles: true };
  const prefix = ['sh', '-c', 'ulimit -n 512 && exec "$@"', 'sh'];
  const child = new Child(options, ledger, folder, { prefix });
  await child.ended();
  const { acks, acksWithoutHandles, over, errors } = child;
  const problems = await inspect(directory, ledger);
  if (!over || acksWithoutHandles === undefined) problems.push(`the writer ended: ${errors.slice(0, 500)}`);
  else if (acks === acksWithoutHandles) problems.push('it did not work again with file handles');
  return { counts: { acks, acksWithoutHandles: acksWithoutHandles ?? 0 }, problems };
}

async function removed(folder: string, seed: number): Promise<Outcome> {
  const directory = join(folder, 'store');
  const client = await owner(directory);
  await work(client, { runs: RUNS, steps: 6 }, `there ${seed}`);
  const before = client.ledger.acks;
  rmSync(directory, { recursive: true });
  await work(client, { runs: RUNS, steps: 6 }, `gone ${seed}`);
  const acked = client.ledger.acks - before;
  const problems = acked > 0 ? [`${acked} acknowledged without a directory`] : [];
  await client.store.close().catch((error: unknown) => {
    if (!isHoldfastError(error)) problems.push(`close: ${String(error)}`);
  });
  return { counts: { acks: before }, problems };
}

const FOREIGN = [
  '.DS_Store',
  'notes.txt',
  'old.log',
  'owner.txt',
  'owner.',
  '1-1.log',
  '00000001.log',
  'a.log.tmp',
  '~x',
];

async function foreign(folder: string, seed: number): Promise<Outcome> {
  const directory = join(folder, 'store');
  mkdirSync(join(directory, 'attachments', 'mine'), { recursive: true });
  mkdirSync(join(directory, 'backup.log'));
  for (const name of FOREIGN) writeFileSync(join(directory, name), `${name}\n`);
  const client = await owner(directory);
  await work(client, { runs: RUNS, steps: 20 }, `foreign ${seed}`);
  await client.store.close();
  const problems = await inspect(directory, client.ledger);
  for (const name of FOREIGN) {
    const kept = readdirSync(directory).includes(name) && readFileSync(join(directory, name), 'utf8') === `${name}\n`;
    if (!kept) problems.push(`${name} was touched`);
  }
  if (!readdirSync(directory).includes('backup.log')) problems.push('a foreign folder was removed');
  return { counts: { foreign: FOREIGN.length + 2, acks: client.ledger.acks }, problems };
}

const IMAGE_BYTES = 24 << 20;

/**
 * Copies the image of a mounted file system while its writer stands still: what the kernel has not passed on to the
 * device is not in the copy, as after a power cut. The copy is mounted, looked at, and worked in until the next one.
 */
async function ext4Cuts(
  folder: string,
  seed: number,
  times: number,
  env: Record<string, string> = {},
): Promise<Outcome> {
  let image = join(folder, 'disk-0');
  const why = makeExt4(image, IMAGE_BYTES);
  if (why) return skipped(why);
  const [problems, ledger] = [[] as string[], new Ledger()];
  let acks = 0;
  for (let time = 0; time < times && problems.length === 0; time++) {
    const copy = join(folder, `disk-${time + 1}`);
    const cut = await withMount(folder, ['-o', 'loop', image], async (mounted) => {
      const directory = join(mounted, 'store');
      const options = { directory, seed: `ext4 ${seed} ${time}`, next: 1_000_000 * (time + 1), runs: RUNS, steps: 0 };
      const child = new Child(options, ledger, folder, { env });
      await child.until(() => child.acks >= 20 + ((time * 17) % 60));
      await child.stop();
      copyStill(image, copy);
      await child.kill();
      acks += child.acks;
      return true;
    });
    if (typeof cut === 'string') return skipped(cut);
    rmSync(image);
    image = copy;
    const looked = await withMount(folder, ['-o', 'loop', image], (mounted) => inspect(join(mounted, 'store'), ledger));
    if (typeof looked === 'string') return { counts: { cuts: time + 1, acks }, problems: [looked] };
    problems.push(...looked.map((problem) => `cut ${time + 1}: ${problem}`));
  }
  return { counts: { cuts: times, acks }, problems };
}

/** Without syncs a power cut must lose something, or the cuts above prove nothing. */
async function ext4WithoutSync(folder: string, seed: number): Promise<Outcome> {
  const library = unsyncedLibrary(folder);
  if (typeof library === 'string') return skipped(library);
  const env = { ...library.env, HOLDFAST_UNSYNCED: join(folder, 'nowhere') };
  const { problems, skipped: why } = await ext4Cuts(folder, seed, 2, env);
  if (why) return skipped(why);
  if (problems.length === 0) return { counts: {}, problems: ['nothing noticed it'] };
  return { counts: {}, problems: [], noticed: problems[0] as string };
}
