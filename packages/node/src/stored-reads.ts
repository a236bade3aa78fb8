import type { Attached, RunAddress, Store, StoredRun, StoredValue } from '@holdfast/core/store';
import { damagedAttachment, readAttachment } from './attachment-files.js';
import type { FileSystem } from './file-system.js';
import type { CrossingRun } from './link/wire.js';
import type { AttachmentRef } from './log/entry.js';
import { type ReadRun, RunReader } from './log/run-reader.js';
import type { LogState } from './log/state.js';

/** What can be read of a store. */
export type Reads = Pick<Store, 'load' | 'head' | 'list' | 'inbox' | 'history'>;

export interface StoredPlace {
  readonly fileSystem: FileSystem;
  readonly directory: string;
}

/**
 * Gives what is known of a log now; with `unsure`, also what is in it and not known to be synced. `again` where what was
 * given before is outdated: what it names was moved.
 */
export type StateSource = (unsure: boolean, again: boolean) => LogState | Promise<LogState>;

/** Reads of what the lines of a log add up to; attachments are read from their files. Owns nothing. */
export class StoredReads implements Reads {
  readonly #place: StoredPlace;
  readonly #reader: RunReader;
  readonly #source: StateSource;

  constructor(place: StoredPlace, source: StateSource) {
    this.#place = place;
    this.#reader = new RunReader(place);
    this.#source = source;
  }

  load: Reads['load'] = (address) => loadWith(this.#place, (again) => this.#run(address, again));
  head: Reads['head'] = (address) => this.#read((state) => state.head(address));
  list: Reads['list'] = (query) => this.#read((state) => state.list(query));
  inbox: Reads['inbox'] = (address) => this.#read((state) => this.#reader.inbox(state, address));
  history: Reads['history'] = (address, page) => this.#read((state) => this.#reader.history(state, address, page));

  /** The input of a run. */
  inputOf(address: RunAddress): Promise<StoredValue | undefined> {
    return this.#read((state) => this.#reader.value(state, address, 'input'));
  }

  /** A run, its attachments as what is referred to. */
  async crossing(address: RunAddress, unsure = false): Promise<CrossingRun | undefined> {
    const run = await this.#run(address, unsure);
    return run && { ...run, values: [...run.values] };
  }

  #run(address: RunAddress, unsure: boolean): Promise<ReadRun | undefined> {
    return this.#read((state) => this.#reader.run(state, address), unsure);
  }

  #read<T>(look: (state: LogState) => T | Promise<T>, unsure = false): Promise<T> {
    return this.#reader.reading((again) => this.#source(unsure, again), look);
  }
}

/**
 * A run with its attachments. A file goes when its deletion is synced, even where no later line tells so yet: so the run is
 * looked up again where one is missing.
 * @throws `STORE_DAMAGED`, the system's errors.
 */
export async function loadWith(
  { fileSystem, directory }: StoredPlace,
  lookUp: (again: boolean) => Promise<CrossingRun | ReadRun | undefined>,
): Promise<StoredRun | undefined> {
  let missing: AttachmentRef | undefined;
  for (;;) {
    const run = await lookUp(missing !== undefined);
    if (!run) return undefined;
    if (missing && run.attachments.some(({ file }) => file === missing?.file)) throw damagedAttachment(missing);
    missing = undefined;
    const attachments = new Map<string, Attached>();
    for (const ref of run.attachments) {
      try {
        attachments.set(ref.id, await readAttachment(fileSystem, directory, ref));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        missing = ref;
        break;
      }
    }
    if (missing) continue;
    const values = run.values instanceof Map ? run.values : new Map(run.values);
    return { row: run.row, values, inbox: run.inbox, attachments };
  }
}
