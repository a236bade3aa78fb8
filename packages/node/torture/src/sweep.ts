import type { FileSystem } from '@holdfast/node';
import { audit, settle } from './audit.js';
import { Chance } from './chance.js';
import { Client } from './client.js';
import { Disk, type DiskOptions } from './disk.js';
import { type DiskImage, type Survival, survivors } from './disk-image.js';
import { Ledger } from './ledger.js';
import { openOn } from './stores.js';
import { readAlong, work } from './workload.js';

/** How the disk deviates from what the port promises: a mutation. */
export type Spoil = (disk: FileSystem) => FileSystem;

/** An instant at which the power may be cut: the disk then, and all that was asked and acknowledged till then. */
export interface Moment {
  /** Which operation was about to happen. */
  readonly at: number;
  readonly what: string;
  readonly image: DiskImage;
  readonly ledger: Ledger;
}

export interface Plan {
  readonly seed: string;
  readonly spoil?: Spoil;
  readonly runs?: number;
  readonly steps?: number;
  /** The share of checkpoints that need not survive power loss. */
  readonly relaxed?: number;
  /** How often a reader looks, beside the first owner. */
  readonly looks?: number;
}

const sound: Spoil = (disk) => disk;

/** Lets a workload run to its end; answers with every instant of it, and the disk as it is then. */
export async function record(
  plan: Plan,
): Promise<{ moments: Moment[]; ledger: Ledger; disk: Disk; problems: string[] }> {
  const { seed, spoil = sound, runs = 5, steps = 14, relaxed, looks = 12 } = plan;
  const amount = { runs, ...(relaxed === undefined ? {} : { relaxed }) };
  const [ledger, ids, moments] = [new Ledger(), { next: 1 }, [] as Moment[]];
  const disk = new Disk(recording(seed, ledger, moments));
  const fileSystem = spoil(disk);
  const problems: string[] = [];
  const store = await openOn(fileSystem, 1);
  const client = new Client(store, ledger, ids);
  const reader = new Client(await openOn(fileSystem, 1), ledger, ids);
  const ownership = await store.acquire();
  client.epoch = ownership.epoch;
  const reading = readAlong(reader, runs, looks, seed).catch((error) => [`refused to a reader: ${String(error)}`]);
  await work(client, { ...amount, steps }, `${seed} 1`);
  problems.push(...(await reading));
  // One run alone: whole batches that are not synced.
  await work(client, { runs: 1, steps, relaxed: 1 }, `${seed} alone`);
  await ownership.release();
  const again = await store.acquire();
  if (again.afterCrash) problems.push('a released store is said to have crashed');
  client.epoch = again.epoch;
  await work(client, { ...amount, steps: steps >> 1 }, `${seed} 2`);
  await store.close();
  await reader.store.close();
  const next = new Client(await openOn(fileSystem, 2), ledger, ids);
  const { epoch } = await next.store.acquire();
  next.epoch = epoch;
  await work(next, { ...amount, steps: steps >> 1 }, `${seed} 3`);
  await next.store.close();
  problems.push(...(await audit(await openOn(disk, 3), ledger)).problems);
  return { moments, ledger, disk, problems };
}

/** Options of a disk that writes down every moment. */
export function recording(seed: string, ledger: Ledger, moments: Moment[]): DiskOptions {
  return {
    chance: new Chance(`${seed} disk`),
    before: (operation, disk) => {
      const what = `${operation.what} ${operation.path}`;
      moments.push({ at: moments.length + 1, what, image: disk.image(operation), ledger: ledger.copy() });
      return undefined;
    },
  };
}

/** Of moments between which nothing was changed the last one: it was told most of what is stored. */
export function distinct(moments: readonly Moment[]): Moment[] {
  return moments.filter(({ image }, index) => {
    const next = moments[index + 1]?.image;
    return image.underway !== undefined || next?.version !== image.version;
  });
}

/** The disk of a moment, after the power is back. */
export function diskAfter({ image }: Moment, how: Survival, seed: string, options: DiskOptions = {}): Disk {
  return Disk.of(survivors(image, how, new Chance(seed)), image.folders, options);
}

/** What a recovery was asked to do beside opening. */
export interface Recovery {
  readonly problems: string[];
  readonly ledger: Ledger;
}

/** Opens what is left, compares, takes what is found for certain, works on, and compares again. */
export async function recover(disk: FileSystem, before: Ledger, seed: string, boot = 10): Promise<Recovery> {
  const ledger = before.copy();
  try {
    const store = await openOn(disk, boot);
    const client = new Client(store, ledger, { next: 1_000_000 * boot });
    client.epoch = (await store.acquire()).epoch;
    const findings = await audit(store, ledger);
    if (findings.problems.length > 0) return { problems: findings.problems, ledger };
    settle(ledger, findings);
    await work(client, { runs: 2, steps: 2 }, `${seed} recovery`);
    await store.close();
    const reader = await openOn(disk, boot + 1);
    await reader.acquire();
    const problems = (await audit(reader, ledger)).problems.map((problem) => `after the recovery: ${problem}`);
    await reader.close();
    return { problems, ledger };
  } catch (error) {
    return { problems: [`refused: ${String(error)}`], ledger };
  }
}

/** Every moment of a recovery in which it may be cut too. */
export async function recordRecovery(
  moment: Moment,
  how: Survival,
  seed: string,
  spoil: Spoil = sound,
): Promise<Moment[]> {
  const moments: Moment[] = [];
  const ledger = moment.ledger.copy();
  const disk = diskAfter(moment, how, seed, recording(`${seed} nested`, ledger, moments));
  try {
    const store = await openOn(spoil(disk), 5);
    const client = new Client(store, ledger, { next: 5_000_000 });
    client.epoch = (await store.acquire()).epoch;
    const findings = await audit(store, ledger);
    settle(ledger, findings);
    await work(client, { runs: 2, steps: 2 }, `${seed} cut recovery`);
    await store.close();
  } catch {
    // What can't be recovered is told where nothing cuts the recovery.
  }
  return moments;
}
