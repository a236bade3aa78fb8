import type { Acceptance, Accepted, InboxRow, RunRow, StoreChange } from '@holdfast/core/store';
import { OwnerLink } from './link/owner-link.js';
import type { Sockets } from './link/sockets.js';
import { GroupCommit } from './log/group-commit.js';
import { SharedView } from './log/shared-view.js';
import { type Foreseen, Overlay } from './mail/overlay.js';
import { type Letter, letterOf, MailSender } from './mail/sender.js';
import type { OwnedPlace } from './owner/owner-file.js';
import { unknownOutcome } from './storage-error.js';
import { loadWith, type Reads, type StateSource, StoredReads } from './stored-reads.js';

export interface GuestOptions extends OwnedPlace {
  readonly sockets: Sockets;
}

/** One call of `accept` on its way. */
interface Member {
  readonly letter: Letter;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: unknown) => void;
}

/** Outcomes which leave nothing behind. */
const CHANGES_NOTHING: readonly Accepted['outcome'][] = ['exists', 'singleton'];

/** How often it is asked anew what became of mail which an owner took and did not tell of. */
const ASKS = 3;

/**
 * What a process does with a directory that it does not own: it leaves mail, and reads through the owner where there is one
 * that answers, the files otherwise.
 *
 * Owns: the link to the owner, the mail that it is writing. Never: the log.
 * 1. What is accepted is durable as mail; whether the owner answers decides only who says what becomes of it.
 * 2. Where no owner answers, what is told is what the next owner will do: it takes all mail, in its order, before it does
 *    anything else. What would be refused is refused, and no mail is left.
 * 3. Mail is left in the order of the calls.
 */
export class GuestStore implements Reads {
  readonly #place: GuestOptions;
  readonly #link: OwnerLink;
  readonly #sender: MailSender;
  readonly #files: SharedView;
  readonly #listeners = new Set<(change: StoreChange) => void>();
  readonly #concluding = new Set<Promise<void>>();
  readonly #group = new GroupCommit<Member>({ write: (group) => this.#post(group), rest: async () => false });

  constructor(options: GuestOptions) {
    this.#place = options;
    this.#sender = new MailSender(options);
    this.#files = new SharedView(options);
    this.#link = new OwnerLink({ ...options, changed: (change, by) => this.#heed(change, by) });
  }

  /** The way to the owner. */
  get link(): OwnerLink {
    return this.#link;
  }

  /** @throws `RUN_UNKNOWN`, `INBOX_FULL`, store codes. */
  accept(acceptance: Acceptance): Promise<Accepted> {
    const letter = letterOf(acceptance);
    return new Promise((resolve, reject) => {
      this.#group.add({ letter, resolve, reject });
    });
  }

  /** Calls it with what others change from now on; returns the way to stop it. */
  watch(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    this.#link.follow();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#link.unfollow();
    };
  }

  /** Resolves when all that was given to `accept` is mail. */
  idle(): Promise<void> {
    return this.#group.idle();
  }

  async close(): Promise<void> {
    await this.#group.idle();
    await Promise.allSettled(this.#concluding);
    this.#link.close();
  }

  load: Reads['load'] = async (address) => {
    const first = await this.#link.ask('load', address);
    if (!first) return (await this.#view({ syncedOnly: true })).load(address);
    const answers = [first];
    return loadWith(this.#place, async () => (answers.shift() ?? (await this.#link.ask('load', address)))?.answer);
  };
  head: Reads['head'] = async (address) => {
    const told = await this.#link.ask('head', address);
    return told ? told.answer : (await this.#view({ syncedOnly: true })).head(address);
  };
  list: Reads['list'] = async (query = {}) => {
    const told = await this.#link.ask('list', query);
    return told ? told.answer : (await this.#view({ syncedOnly: true })).list(query);
  };
  inbox: Reads['inbox'] = async (address) => {
    const told = await this.#link.ask('inbox', address ?? {});
    return told ? told.answer : (await this.#view({ syncedOnly: true })).inbox(address);
  };
  history: Reads['history'] = async (address, page) => {
    const told = await this.#link.ask('history', { ...address, ...page });
    return told ? told.answer : (await this.#view({ syncedOnly: true })).history(address, page);
  };

  async #post(group: readonly Member[]): Promise<void> {
    try {
      const posting = (await this.#link.answers()) ? group : await this.#foresee(group);
      const failures = await this.#sender.post(posting.map(({ letter }) => letter));
      posting.forEach((member, at) => {
        const failure = failures[at];
        if (failure) member.reject(failure);
        else this.#conclude(member);
      });
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /** Answers those that would be refused, or change nothing; gives the others. */
  async #foresee(group: readonly Member[]): Promise<Member[]> {
    const view = await this.#view({ syncedOnly: false });
    const others: Member[] = [];
    for (const member of group) {
      const { id, asked } = member.letter;
      const foreseen = await view.add({ id, sender: this.#sender.name, asked, attachments: [] });
      if ('refused' in foreseen) member.reject(foreseen.refused);
      else if (CHANGES_NOTHING.includes(foreseen.accepted.outcome)) member.resolve(foreseen.accepted);
      else others.push(member);
    }
    return others;
  }

  #conclude({ letter, resolve, reject }: Member): void {
    const concluding = this.#outcomeOf(letter).then(resolve, reject);
    this.#concluding.add(concluding);
    void concluding.finally(() => this.#concluding.delete(concluding));
  }

  /** What becomes of mail that was left. @throws what it is refused with. */
  async #outcomeOf({ id, asked }: Letter): Promise<Accepted> {
    for (let ask = 1; ask <= ASKS; ask++) {
      const told = await this.#link.ask('mail', { id });
      if (told?.answer) return told.answer;
      const foreseen = (await this.#view({ syncedOnly: false })).outcomes.get(id);
      if (foreseen) return acceptedIn(foreseen);
      const found = asked.kind === 'start' ? await this.#foundRun(asked.row) : await this.#foundRow(asked.row);
      if (found) return found;
    }
    throw unknownOutcome(new Error('It was taken, and nobody told what became of it.'), this.#place.directory);
  }

  async #foundRun({ workflow, run, key }: RunRow): Promise<Accepted | undefined> {
    const there = await this.load({ workflow, run });
    if (!there) return undefined;
    if (there.row.key === key) return { outcome: 'started' };
    return { outcome: 'exists', row: there.row, input: there.values.get('input') ?? { text: '' } };
  }

  async #foundRow({ workflow, run, lane, id }: Omit<InboxRow, 'n'>): Promise<Accepted | undefined> {
    const row = (await this.inbox({ workflow, run })).find((row) => row.lane === lane && row.id === id);
    return row && { outcome: 'queued', n: row.n };
  }

  /** @param how.syncedOnly without lines that only the next owner will know to be there. */
  async #view({ syncedOnly }: { syncedOnly: boolean }): Promise<Overlay> {
    const present = () => (syncedOnly ? this.#files.present() : this.#files.withUnsure());
    const state = await present();
    const source: StateSource = (unsure, again) => {
      if (unsure) return this.#files.withUnsure();
      return again ? present() : state;
    };
    return Overlay.of(this.#place, state, new StoredReads(this.#place, source));
  }

  #heed(change: StoreChange, by: string | undefined): void {
    if (by === this.#sender.name) return;
    for (const listener of this.#listeners) listener(change);
  }
}

function acceptedIn(foreseen: Foreseen): Accepted {
  if ('refused' in foreseen) throw foreseen.refused;
  return foreseen.accepted;
}
