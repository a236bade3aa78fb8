import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '@holdfast/core/store';
import { audit } from './audit.js';
import { Child } from './child.js';
import { Ledger } from './ledger.js';
import { unsyncedLibrary } from './processes.js';
import { at } from './records.js';
import { type Extent, type Outcome, skipped, type TortureTest } from './report.js';
import { withFolder } from './rooms.js';
import { openStore } from './stores.js';

/** How long an owner may take to get all mail in. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 50;

type Fate = 'owner killed' | 'sender killed' | 'owner frozen' | 'both killed';
const FATES: readonly Fate[] = ['owner killed', 'both killed', 'owner frozen', 'sender killed'];

/** What processes that do not own the store are told to be accepted is there once, whatever becomes of its owner. */
export function mailTests({ short, seed = 1 }: Extent): TortureTest[] {
  return [{ name: 'mail', seed, run: () => withFolder((folder) => rounds(folder, seed, short ? 1 : 24)) }];
}

async function rounds(folder: string, seed: number, times: number): Promise<Outcome> {
  const store = await openStore({ directory: join(folder, 'look') });
  const { shared } = store.supports;
  await store.close();
  if (!shared) return skipped('this store accepts nothing from processes that do not own it');
  const problems: string[] = [];
  const library = unsyncedLibrary(folder);
  const env = typeof library === 'string' ? {} : library.env;
  let [acks, crashes] = [0, 0];
  for (let time = 0; time < times && problems.length === 0; time++) {
    const fate = FATES[time % FATES.length] as Fate;
    const round = await play(folder, `${seed} ${time}`, time, fate, env);
    acks += round.acks;
    crashes++;
    problems.push(...round.problems.slice(0, 3).map((problem) => `round ${time + 1}, ${fate}: ${problem}`));
  }
  return { counts: { crashes, acks }, problems };
}

/** What either process has not synced when it is killed is gone. */
async function play(folder: string, seed: string, time: number, fate: Fate, env: Record<string, string>) {
  const [directory, ledger] = [join(folder, `store-${time}`), new Ledger()];
  const begin = (program: 'writer' | 'sender', next: number) => {
    const options = { directory, seed: `${program} ${seed}`, next, runs: 2, steps: 0 };
    return new Child(options, ledger, folder, { program, env: { ...env, HOLDFAST_UNSYNCED: directory } });
  };
  const sender = begin('sender', 10_000_000);
  await sender.until(() => sender.acks >= time % 7); // Some before there is an owner.
  const owner = begin('writer', 1);
  await owner.until(() => owner.ready);
  const until = sender.acks + 5 + ((time * 11) % 30);
  await sender.until(() => sender.acks >= until);
  if (fate === 'owner frozen') {
    await owner.stop();
    await sleep(LOOK_MS);
    owner.signal('SIGCONT');
    await sender.until(() => sender.acks >= until + 20);
  } else if (fate !== 'sender killed') {
    await owner.kill();
    if (fate === 'owner killed') await sender.until(() => sender.acks >= until + 20);
  }
  await sender.kill();
  await owner.kill();
  const store = await openStore({ directory });
  await store.acquire();
  const problems = await settled(store, ledger);
  if (problems.length === 0) problems.push(...(await inOrder(store, ledger)));
  await store.close();
  const errors = [owner, sender].flatMap(({ ready, errors }) => (ready ? [] : [`did not begin: ${errors}`]));
  return { problems: [...errors, ...problems], acks: sender.acks };
}

/** What is wrong once all that waits has been taken in. */
async function settled(store: Store, ledger: Ledger): Promise<string[]> {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(LOOK_MS)) {
    const { problems } = await audit(store, ledger);
    if (problems.length === 0 || Date.now() > end) return problems;
  }
}

/** A sender waits for each of its calls: its events are in its order. */
async function inOrder(store: Store, ledger: Ledger): Promise<string[]> {
  const problems: string[] = [];
  for (const [run, { events }] of ledger.runs) {
    if (!run.startsWith('sent-')) continue;
    const inbox = (await store.inbox(at(run))).map(({ id }) => id);
    const sent = events.map(({ id }) => id).filter((id) => inbox.includes(id));
    if (sent.join() !== inbox.join()) problems.push(`${run}: sent ${sent}, in the inbox ${inbox}`);
  }
  return problems;
}
