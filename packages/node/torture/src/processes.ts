import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { audit, settle } from './audit.js';
import { Child, type ChildOptions } from './child.js';
import { Client } from './client.js';
import { Ledger } from './ledger.js';
import { fails } from './mounts.js';
import { type Extent, type Outcome, skipped, type TortureTest } from './report.js';
import { withFolder } from './rooms.js';
import { openStore } from './stores.js';

const SOURCE = fileURLToPath(new URL('../unsynced.c', import.meta.url));
/** Lives that one directory goes through. */
const LIVES = 10;
const RUNS = 5;

export function processTests({ short, seed = 1 }: Extent): TortureTest[] {
  return [
    { name: 'killed', seed, run: () => withFolder((folder) => kills(folder, seed, short ? 3 : 60)) },
    { name: 'killed, with syncs that do nothing', seed, run: () => withFolder((folder) => withoutSync(folder, seed)) },
    { name: 'frozen and taken over', seed, run: () => withFolder((folder) => freezes(folder, seed, short ? 2 : 40)) },
  ];
}

/** The library that keeps what is not synced in the process that wrote it; or why there is none. */
export function unsyncedLibrary(folder: string): { env: Record<string, string> } | string {
  if (process.platform !== 'linux') return 'needs Linux';
  const library = join(folder, 'unsynced.so');
  const why = fails(['cc', '-O2', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl', '-lpthread']);
  return why ?? { env: { LD_PRELOAD: library, UV_USE_IO_URING: '0' } };
}

async function kills(folder: string, seed: number, times: number): Promise<Outcome> {
  const library = unsyncedLibrary(folder);
  const held = typeof library !== 'string';
  const { problems, acks, killed } = await killTimes(folder, seed, times, held ? library : {});
  const counts = { kills: killed, acks, ...(held ? { unsyncedDropped: killed } : { plain: killed }) };
  return {
    counts,
    problems,
    ...(held || problems.length > 0 ? {} : { skipped: `killed, but nothing dropped: ${library}` }),
  };
}

/** Without syncs a kill must lose something, or the kills above prove nothing. */
async function withoutSync(folder: string, seed: number): Promise<Outcome> {
  const library = unsyncedLibrary(folder);
  if (typeof library === 'string') return skipped(library);
  const env = { ...library.env, HOLDFAST_NO_SYNC: '1' };
  const { problems } = await killTimes(folder, seed, 3, { env });
  if (problems.length === 0) return { counts: { kills: 3 }, problems: ['nothing noticed it'] };
  return { counts: { kills: 3 }, problems: [], noticed: problems[0] as string };
}

async function killTimes(folder: string, seed: number, times: number, { env = {} }: ChildOptions) {
  const problems: string[] = [];
  let [ledger, directory, acks, killed] = [new Ledger(), '', 0, 0];
  for (let time = 0; time < times && problems.length === 0; time++) {
    if (time % LIVES === 0) {
      directory = join(folder, `store-${time}`);
      mkdirSync(directory);
      ledger = new Ledger();
    }
    const options = { directory, seed: `kill ${seed} ${time}`, next: 1_000_000 * (time + 1), runs: RUNS, steps: 0 };
    const child = new Child(options, ledger, folder, { env: { ...env, HOLDFAST_UNSYNCED: directory } });
    await child.until(() => child.acks >= 20 + ((time * 37) % 150));
    await child.kill();
    if (!child.ready) problems.push(`the writer did not begin: ${child.errors.slice(0, 500)}`);
    acks += child.acks;
    killed++;
    problems.push(...(await inspect(directory, ledger)).map((problem) => `kill ${time + 1}: ${problem}`));
  }
  return { problems, acks, killed };
}

/** Opens what is left, compares, and takes what is found for certain. */
export async function inspect(directory: string, ledger: Ledger): Promise<string[]> {
  try {
    const store = await openStore({ directory });
    const { epoch } = await store.acquire();
    const findings = await audit(store, ledger);
    settle(ledger, findings);
    const client = new Client(store, ledger, { next: 900_000_000 + 1000 * epoch });
    client.epoch = epoch;
    const start = { kind: 'start', stamp: client.fresh(), input: 'works', files: {} } as const;
    if ((await client.ask(`inspected-${epoch}`, start)) !== 'ack')
      findings.problems.push(`can't work on: ${client.lastCode}`);
    await store.close();
    return findings.problems;
  } catch (error) {
    return [`refused: ${String(error)}`];
  }
}

async function freezes(folder: string, seed: number, times: number): Promise<Outcome> {
  const problems: string[] = [];
  let [fenced, acks] = [0, 0];
  for (let time = 0; time < times && problems.length === 0; time++) {
    const directory = join(folder, `store-${time}`);
    const ledger = new Ledger();
    const options = { directory, seed: `freeze ${seed} ${time}`, next: 1, runs: RUNS, steps: 0 };
    const child = new Child(options, ledger, folder);
    await child.until(() => child.acks >= 10 + ((time * 13) % 60));
    await child.stop();
    const isOurs = { self: () => ({ pid: process.pid }), isAlive: () => false };
    const store = await openStore({ directory, processes: isOurs });
    const client = new Client(store, ledger, { next: 1_000_000 });
    client.epoch = (await store.acquire()).epoch;
    const atTakeover = child.acks;
    await workApart(client, time);
    child.signal('SIGCONT');
    await child.until(() => child.over !== undefined);
    await child.ended();
    if (child.over?.code === 'STORE_FENCED' && child.over.lost) fenced++;
    else
      problems.push(
        `takeover ${time + 1}: the thawed owner was not fenced: ${JSON.stringify(child.over)} ${child.errors}`,
      );
    // What was synced and found safe before it stood still may be told after it thaws; each run has one such commit.
    const late = child.acks - atTakeover;
    if (late > 2 * RUNS) problems.push(`takeover ${time + 1}: ${late} commits of the thawed owner were acknowledged`);
    problems.push(...(await audit(store, ledger)).problems.map((problem) => `takeover ${time + 1}: ${problem}`));
    await store.close();
    problems.push(...(await inspect(directory, ledger)).map((problem) => `after takeover ${time + 1}: ${problem}`));
    acks += child.acks;
  }
  return { counts: { takeovers: fenced, acks }, problems };
}

/** On runs of its own: what becomes of those of the frozen owner is not known until it tells. */
async function workApart(client: Client, time: number): Promise<void> {
  for (let run = 0; run < 3; run++) {
    const start = { kind: 'start', stamp: client.fresh(), input: `${time}`, files: {} } as const;
    await client.ask(`apart-${run}`, start);
    await client.send(`apart-${run}`, `apart-event-${client.fresh()}`);
  }
}
