import type { HoldfastError } from '@holdfast/core';
import {
  type Accepted,
  type InboxRow,
  type RunAddress,
  type RunPage,
  type RunQuery,
  type RunRow,
  runKey,
  type StoredRun,
  Tables,
} from '@holdfast/core/store';
import { readAttachment } from '../attachment-files.js';
import { Stage } from '../log/stage.js';
import type { LogState } from '../log/state.js';
import type { Reads, StoredReads } from '../stored-reads.js';
import { type MailPlace, mailNames, readWaiting } from './folder.js';
import { mailChange } from './mail-change.js';
import { MAIL, type Mail } from './mail-file.js';

/** As long as the pages of stores are. */
const DEFAULT_LIMIT = 1000;

/** What is to become of mail. */
export type Foreseen = { readonly accepted: Accepted } | { readonly refused: HoldfastError };

/**
 * What mail that waits adds to what a log holds: as the next owner will take it, in its order.
 *
 * Owns: what it has read. Never: any file.
 */
export class Overlay implements Reads {
  /** By id of the mail that waits. */
  readonly outcomes = new Map<string, Foreseen>();
  readonly #place: MailPlace;
  readonly #base: StoredReads;
  readonly #stage: Stage;
  readonly #started = new Tables();
  readonly #rows: InboxRow[] = [];
  /** By run, mail with attachments. */
  readonly #with = new Map<string, Mail[]>();

  private constructor(place: MailPlace, state: LogState, base: StoredReads) {
    this.#place = place;
    this.#base = base;
    this.#stage = new Stage(state);
  }

  /** @param base reads of `state`. */
  static async of(place: MailPlace, state: LogState, base: StoredReads): Promise<Overlay> {
    const overlay = new Overlay(place, state, base);
    for (const { mail } of await readWaiting(place, await mailNames(place))) {
      if (mail === 'damaged' || state.mail.has(mail.id) || overlay.outcomes.has(mail.id)) continue;
      overlay.outcomes.set(mail.id, await overlay.add(mail));
    }
    return overlay;
  }

  /** Adds one piece of mail after those that wait. */
  async add(mail: Mail): Promise<Foreseen> {
    const change = mailChange(mail, [], (run) => this.#base.inputOf(run));
    try {
      const entry = change.plan(this.#stage, mail.attachments);
      if (!entry) return { accepted: this.#met(mail) ?? (await change.result(undefined)) };
      this.#stage.take(entry);
      if (entry.kind === 'start') this.#started.start(entry.row, entry.input);
      if (entry.kind === 'inbox') this.#rows.push(entry.row);
      const key = runKey(mail.asked.row);
      if (mail.attachments.length > 0) this.#with.set(key, [...(this.#with.get(key) ?? []), mail]);
      return { accepted: await change.result(entry) };
    } catch (error) {
      return { refused: error as HoldfastError };
    }
  }

  async head(address: RunAddress): Promise<RunRow | undefined> {
    return this.#started.head(address) ?? (await this.#base.head(address));
  }

  async list(query: RunQuery = {}): Promise<RunPage> {
    const [stored, started] = [await this.#base.list(query), this.#started.list(query)];
    if (started.rows.length === 0) return stored;
    const all = [...stored.rows, ...started.rows].sort(inOrder);
    // Beyond the end of a page that goes on, rows of its side may be missing.
    const ends = [stored, started].flatMap(({ rows, cursor }) => (cursor === undefined ? [] : (rows.at(-1) ?? [])));
    const whole = all.filter((row) => ends.every((end) => inOrder(row, end) <= 0));
    const rows = whole.slice(0, query.limit ?? DEFAULT_LIMIT);
    const end = rows.at(-1);
    return end && (rows.length < all.length || ends.length > 0) ? { rows, cursor: runKey(end) } : { rows };
  }

  async inbox(address?: RunAddress): Promise<readonly InboxRow[]> {
    const rows = address ? this.#rows.filter((row) => runKey(row) === runKey(address)) : this.#rows;
    return [...((await this.#base.inbox(address)) ?? []), ...rows];
  }

  history: Reads['history'] = (address, page) => this.#base.history(address, page);

  async load(address: RunAddress): Promise<StoredRun | undefined> {
    const run = this.#started.load(address) ?? (await this.#base.load(address));
    if (!run) return undefined;
    const attachments = new Map(run.attachments);
    const { fileSystem, directory } = this.#place;
    for (const mail of this.#with.get(runKey(address)) ?? []) {
      for (const ref of mail.attachments)
        attachments.set(ref.id, await readAttachment(fileSystem, directory, ref, MAIL));
    }
    const rows = this.#rows.filter((row) => runKey(row) === runKey(address));
    return { ...run, attachments, inbox: [...run.inbox, ...rows] };
  }

  /** A start that meets one which waits itself. */
  #met({ asked }: Mail): Accepted | undefined {
    const there = asked.kind === 'start' ? this.#started.load(asked.row) : undefined;
    return there && { outcome: 'exists', row: there.row, input: there.values.get('input') ?? { text: '' } };
  }
}

/** As lists are. */
function inOrder(a: RunAddress, b: RunAddress): number {
  if (a.workflow !== b.workflow) return a.workflow < b.workflow ? -1 : 1;
  return a.run < b.run ? -1 : a.run > b.run ? 1 : 0;
}
