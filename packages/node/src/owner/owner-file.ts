import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import type { FileSystem } from '../file-system.js';
import { ownerFile, ownersIn, segmentsIn } from '../log/segment-file.js';
import type { Processes, ProcessName } from './processes.js';

/** What an owner file says: which process it is, and where it can be reached. */
export interface OwnerName extends ProcessName {
  readonly socket?: string;
}

/** How ownership is asked for. */
export interface Claim {
  /** Where this process can be reached once it is the owner. */
  readonly socket?: string;
  /** The owner of this epoch is taken to be dead, whatever the system says. */
  readonly over?: number | undefined;
}

export interface OwnedPlace {
  readonly fileSystem: FileSystem;
  readonly processes: Processes;
  readonly directory: string;
}

/**
 * The right to write to a directory, as one file `owner.<epoch>`.
 *
 * Owns: that file. Never: the log.
 * 1. The file is created exclusively: of two that want one epoch, one gets it.
 * 2. An epoch is never given twice: it is above those of all owner files and all segments.
 * 3. A later owner creates its file before it reads the log. So who finds, after a sync, that there is no later file,
 *    knows that any later owner will read what was synced.
 * 4. Its name needs no sync of its own: who could be fenced dies with the power, and the first segment, which comes
 *    before the right to write, syncs the folder.
 * 5. An owner removes the files of those before it, oldest first, before it is given the right.
 * 6. A file that could not be removed when the right was given back is nobody's to its own process.
 */
export class OwnerFile {
  readonly epoch: number;
  readonly #place: OwnedPlace;
  readonly #path: string;
  /** Of the owner that comes next. */
  readonly #later: string;

  private constructor(place: OwnedPlace, epoch: number) {
    this.#place = place;
    this.epoch = epoch;
    this.#path = join(place.directory, ownerFile(epoch));
    this.#later = join(place.directory, ownerFile(epoch + 1));
  }

  /** @throws `STORE_OWNED` while the newest owner is alive. */
  static async take(place: OwnedPlace, { socket, over }: Claim = {}): Promise<OwnerFile> {
    for (;;) {
      const seen = await newestEpochs(place);
      if (seen.owner > 0 && seen.owner !== over) await assertGone(place, seen.owner);
      const file = new OwnerFile(place, Math.max(seen.owner, seen.segment) + 1);
      if (await file.#create(socket)) return file;
    }
  }

  /** @throws `STORE_FENCED` when there is a later owner, or this one's file is gone. */
  async assertNewest(): Promise<void> {
    const { fileSystem, directory } = this.#place;
    // In this order: a later owner removes this file before its own can go.
    const later = await fileSystem.exists(this.#later);
    if (!later && (await fileSystem.exists(this.#path))) return;
    const why = later ? 'another process took over' : 'its owner file is gone';
    throw new HoldfastError('STORE_FENCED', {
      message: `Epoch ${this.epoch} no longer owns ${directory}: ${why}.`,
      details: { directory, epoch: this.epoch },
    });
  }

  async removeOlder(): Promise<void> {
    const { fileSystem, directory } = this.#place;
    const older = ownersIn(await fileSystem.list(directory)).filter((epoch) => epoch < this.epoch);
    for (const epoch of older) await fileSystem.remove(join(directory, ownerFile(epoch)));
  }

  /** Gives the right back, also where it throws: only to other processes it then looks as if it were held still. */
  async release(): Promise<void> {
    try {
      await this.#place.fileSystem.remove(this.#path);
    } catch (error) {
      leftBy(this.#place).add(this.#path);
      throw error;
    }
  }

  /** After a failure, which is what is told. */
  async #giveUp(): Promise<void> {
    await this.release().catch(() => {});
  }

  async #create(socket: string | undefined): Promise<boolean> {
    const { fileSystem, processes } = this.#place;
    const name: OwnerName = { ...processes.self(), ...(socket === undefined ? {} : { socket }) };
    try {
      await fileSystem.createExclusive(this.#path, Buffer.from(`${JSON.stringify(name)}\n`));
    } catch (error) {
      // Taken; or its draft was swept away by one who has become the owner meanwhile.
      if (isErrno(error, 'EEXIST') || isErrno(error, 'ENOENT')) return false;
      await this.#giveUp();
      throw error;
    }
    leftBy(this.#place).delete(this.#path);
    try {
      const seen = await newestEpochs(this.#place);
      // The directory may have been listed before another owner came and went with this very epoch.
      if (seen.owner === this.epoch && seen.segment < this.epoch) return true;
    } catch (error) {
      await this.#giveUp();
      throw error;
    }
    await this.release();
    return false;
  }
}

/** The newest owner of a directory, as far as it has told its name; undefined when there is none. */
export async function presentOwner(place: OwnedPlace): Promise<(OwnerName & { readonly epoch: number }) | undefined> {
  const { owner: epoch } = await newestEpochs(place);
  const owner = epoch > 0 ? await readOwner(place, epoch) : undefined;
  return owner && { ...owner, epoch };
}

async function newestEpochs({ fileSystem, directory }: OwnedPlace): Promise<{ owner: number; segment: number }> {
  const files = await fileSystem.list(directory);
  return { owner: ownersIn(files).at(-1) ?? 0, segment: segmentsIn(files).at(-1)?.epoch ?? 0 };
}

async function assertGone(place: OwnedPlace, epoch: number): Promise<void> {
  const owner = await readOwner(place, epoch);
  if (!owner || !place.processes.isAlive(owner) || wasLeft(place, epoch, owner)) return;
  const { directory } = place;
  throw new HoldfastError('STORE_OWNED', {
    message: `The store directory ${directory} is in use by process ${owner.pid}.`,
    remedy: 'End that process, or use another directory.',
    details: { directory, pid: owner.pid, epoch },
  });
}

/** Paths of owner files of this process that are to be removed by the next owner. */
const left = new WeakMap<FileSystem, Set<string>>();

function leftBy({ fileSystem }: OwnedPlace): Set<string> {
  const paths = left.get(fileSystem) ?? new Set();
  left.set(fileSystem, paths);
  return paths;
}

/** The directory may have been made anew since, and another process own that epoch of it. */
function wasLeft(place: OwnedPlace, epoch: number, { pid, born }: OwnerName): boolean {
  const self = place.processes.self();
  const isOwn = pid === self.pid && born === self.born;
  return isOwn && leftBy(place).has(join(place.directory, ownerFile(epoch)));
}

/** Undefined when the owner left just now, or died before it had written its name. */
async function readOwner({ fileSystem, directory }: OwnedPlace, epoch: number): Promise<OwnerName | undefined> {
  let text: string;
  try {
    text = Buffer.from(await fileSystem.read(join(directory, ownerFile(epoch)))).toString();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const { pid, born, socket } = JSON.parse(text) as OwnerName;
    if (typeof pid !== 'number') return undefined;
    return { pid, ...(born === undefined ? {} : { born }), ...(typeof socket === 'string' ? { socket } : {}) };
  } catch {
    return undefined;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
