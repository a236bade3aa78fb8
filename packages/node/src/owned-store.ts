import type { Acceptance, Accepted, Checkpoint, StoreChange } from '@holdfast/core/store';
import { commitChange, inboxChange, startChange } from './changes.js';
import { OwnerServer } from './link/owner-server.js';
import { OwnedLog } from './log/owned-log.js';
import { MailIntake } from './mail/intake.js';
import type { StorePlace } from './options.js';
import { storageError } from './storage-error.js';
import { StoredReads } from './stored-reads.js';

export interface OwnedStoreOptions extends StorePlace {
  /** Told of what guests have changed. */
  readonly changed: (change: StoreChange) => void;
}

/** How often mail is looked for that nobody has told of, in ms. */
const LOOK_MS = 1000;

/**
 * A directory while this process owns it: the log, the mail of guests, and the socket on which they ask.
 *
 * Owns: all three, from `open` to `end`. Never: the log's layout.
 * 1. Mail that waits when it is opened is taken before anything else is accepted.
 * 2. A guest that can't reach the socket is served all the same, by and by: mail is looked for again and again. So is whether
 *    this is the owner still: one that was taken over from while it stood still knows it soon, also where it has nothing to
 *    write.
 */
export class OwnedStore {
  readonly log: OwnedLog;
  readonly reads: StoredReads;
  readonly #options: OwnedStoreOptions;
  readonly #server: OwnerServer | undefined;
  readonly #intake: MailIntake;
  #hasEnded = false;
  #stopLooking: () => void = () => {};

  private constructor(options: OwnedStoreOptions, log: OwnedLog, server: OwnerServer | undefined) {
    this.#options = options;
    this.#server = server;
    this.log = log;
    this.reads = new StoredReads(options, () => log.state);
    this.#intake = new MailIntake({
      ...options,
      log,
      inputOf: (run) => this.reads.inputOf(run),
      taken: ({ workflow, run }, by) => this.#taken({ workflow, run }, by),
    });
    log.lost.addEventListener('abort', () => this.#withdraw(), { once: true });
  }

  /**
   * @param over the epoch of an owner that is taken to be dead, whatever the system says.
   * @throws `STORE_OWNED`, `STORE_DAMAGED`, `STORE_FORMAT`, and what {@link storageError} makes of I/O errors.
   */
  static async open(options: OwnedStoreOptions, over: number | undefined): Promise<OwnedStore> {
    const { sockets, directory, onReport } = options;
    const server = await OwnerServer.open(sockets, directory).catch((error: unknown) => {
      onReport({ code: 'SOCKET_FAILED', error: storageError(error, directory) });
      return undefined;
    });
    try {
      const log = await OwnedLog.open(options, { ...(server && { socket: server.address }), over });
      const store = new OwnedStore(options, log, server);
      await store.#begin();
      return store;
    } catch (error) {
      server?.close();
      throw error;
    }
  }

  async commit(checkpoint: Checkpoint): Promise<void> {
    const { workflow, run } = checkpoint;
    await this.log.submit(commitChange(checkpoint));
    this.#server?.tell({ kind: 'committed', workflow, run });
  }

  async accept(acceptance: Acceptance): Promise<Accepted> {
    const { workflow, run } = acceptance.row;
    const change =
      acceptance.kind === 'start' ? startChange(acceptance, (run) => this.reads.inputOf(run)) : inboxChange(acceptance);
    const accepted = await this.log.submit(change);
    if (!('row' in accepted)) this.#server?.tell({ kind: 'accepted', workflow, run });
    return accepted;
  }

  /** Takes all mail that is there now. */
  take(): Promise<void> {
    return this.#intake.take();
  }

  /** Gives the directory back; who waits for it can have it when this resolves. */
  async end(how: { released: boolean }): Promise<void> {
    this.#hasEnded = true;
    this.#stopLooking();
    await this.#intake.close();
    this.#intake.reportUntold();
    try {
      await this.log.end(how);
    } finally {
      this.#server?.close();
    }
  }

  async #begin(): Promise<void> {
    await this.#intake.take();
    await this.#sweep();
    this.#server?.serve({
      mail: async ({ id }) => {
        const outcome = await this.#intake.outcomeOf(id);
        if (outcome && 'refused' in outcome) throw outcome.refused;
        return outcome?.accepted;
      },
      load: (address) => this.reads.crossing(address),
      head: (address) => this.reads.head(address),
      list: (query) => this.reads.list(query),
      inbox: ({ workflow, run }) =>
        this.reads.inbox(workflow === undefined || run === undefined ? undefined : { workflow, run }),
      history: ({ workflow, run, ...page }) => this.reads.history({ workflow, run }, page),
      ping: async () => null,
    });
    this.#lookLater();
  }

  #lookLater(): void {
    if (!this.log.lost.aborted) this.#stopLooking = this.#options.timers.after(LOOK_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    // What fails here is told by whoever writes next.
    await this.log.assertOwned().catch(() => undefined);
    if (!this.log.lost.aborted && !this.#hasEnded) await this.#intake.take();
    if (this.#hasEnded) return;
    this.#intake.reportUntold();
    this.#lookLater();
  }

  async #sweep(): Promise<void> {
    const { directory, onReport } = this.#options;
    try {
      await this.#server?.sweep();
      await this.#intake.sweep();
    } catch (error) {
      onReport({ code: 'REMOVAL_FAILED', error: storageError(error, directory) });
    }
  }

  #taken({ workflow, run }: { workflow: string; run: string }, by: string): void {
    const change = { kind: 'accepted', workflow, run } as const;
    this.#server?.tell(change, by);
    this.#options.changed(change);
  }

  /** Guests look for the owner that is there now. */
  #withdraw(): void {
    this.#stopLooking();
    this.#server?.close();
  }
}
