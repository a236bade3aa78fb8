import type { RunAddress, Store, StoredRun } from '@holdfast/core/store';
import { damagedAttachment, readAttachment } from './attachment-files.js';
import type { FileSystem } from './file-system.js';
import type { CrossingRun } from './link/wire.js';
import type { AttachmentRef } from './log/entry.js';
import type { LogState } from './log/state.js';

/** What can be read of a store. */
export type Reads = Pick<Store, 'load' | 'head' | 'list' | 'inbox' | 'history'>;

export interface StoredPlace {
  readonly fileSystem: FileSystem;
  readonly directory: string;
}

/** Reads of what the lines of a log add up to; attachments are read from their files. Owns nothing. */
export class StoredReads implements Reads {
  readonly #place: StoredPlace;
  readonly #state: () => Promise<LogState>;

  constructor(place: StoredPlace, state: () => Promise<LogState>) {
    this.#place = place;
    this.#state = state;
  }

  load: Reads['load'] = (address) => loadWith(this.#place, async () => this.crossing(address));
  head: Reads['head'] = async (address) => (await this.#state()).tables.head(address);
  list: Reads['list'] = async (query) => (await this.#state()).tables.list(query);
  inbox: Reads['inbox'] = async (address) => (await this.#state()).tables.inbox(address);
  history: Reads['history'] = async (address, page) => (await this.#state()).tables.history(address, page);

  /** A run, its attachments as what is referred to. */
  async crossing(address: RunAddress): Promise<CrossingRun | undefined> {
    const state = await this.#state();
    const run = state.tables.load(address);
    return run && { row: run.row, values: [...run.values], inbox: run.inbox, attachments: state.attachments(address) };
  }
}

/**
 * A run with its attachments. A file goes when its deletion is synced, so the run is looked up again where one is missing.
 * @throws `STORE_DAMAGED`, the system's errors.
 */
export async function loadWith(
  { fileSystem, directory }: StoredPlace,
  lookUp: () => Promise<CrossingRun | undefined>,
): Promise<StoredRun | undefined> {
  let missing: AttachmentRef | undefined;
  for (;;) {
    const run = await lookUp();
    if (!run) return undefined;
    if (missing && run.attachments.some(({ file }) => file === missing?.file)) throw damagedAttachment(missing);
    missing = undefined;
    const attachments = new Map<string, Blob>();
    for (const ref of run.attachments) {
      try {
        attachments.set(ref.id, await readAttachment(fileSystem, directory, ref));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        missing = ref;
        break;
      }
    }
    if (!missing) return { row: run.row, values: new Map(run.values), inbox: run.inbox, attachments };
  }
}
