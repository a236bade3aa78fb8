import { type ErrorCode, HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Accepted, Attached, RunAddress } from '@holdfast/core/store';
import { readAttachment } from '../attachment-files.js';
import type { Change, OwnedLog } from '../log/owned-log.js';
import type { FileStoreReport } from '../report.js';
import { storageError } from '../storage-error.js';
import { isErrno, type MailPlace, mailNames, mailPath, readWaiting, type Waiting } from './folder.js';
import { type InputOf, mailChange } from './mail-change.js';
import { damagedFile, heldFile, MAIL, type Mail, type MailName, madeAt } from './mail-file.js';

export interface IntakeOptions extends MailPlace {
  readonly log: OwnedLog;
  /** The stored input of a run. */
  readonly inputOf: InputOf;
  readonly onReport: (report: FileStoreReport) => void;
  /** Told of each run that mail has changed, and by whom. */
  readonly taken: (address: RunAddress, sender: string) => void;
}

/** What became of mail: its answer, or its refusal. */
export type MailOutcome = { readonly accepted: Accepted } | { readonly refused: HoldfastError };

/** Mail under the name that this owner gave it. */
interface Held {
  readonly file: string;
  readonly mail: Mail;
  readonly blobs: readonly Attached[];
}

/** Mail that is done with; `written` says that a line of the log has it. */
interface Settled extends Held {
  readonly written: boolean;
  readonly outcome: MailOutcome;
}

/** How many outcomes are kept for senders who have not asked yet. */
const REMEMBERED = 10_000;

/** What a sender that died has left is removed when it is so old, in ms. */
const ABANDONED_MS = 3_600_000;

/** With these codes mail is refused for good. */
const REFUSALS: readonly ErrorCode[] = ['RUN_UNKNOWN', 'INBOX_FULL'];

/**
 * Takes mail into the log of an owner.
 *
 * Owns: the names it gives to mail, and what became of mail lately. Never: the right to write.
 * 1. Mail is taken by one line, which names it. Its file goes after that line was acknowledged, which is after the fence was
 *    checked; its id stays in the log's state until the removal is synced. So it is taken once, whoever dies when.
 * 2. What is refused, or changes nothing, leaves no line: its file goes, synced, before anybody is told.
 * 3. Only a name that this owner gave is ever removed: one that a sender gave may be another mail's by then.
 * 4. Mail of one sender is taken in its order: after one that the disk refuses, none of that sender.
 * 5. Nothing in the folder is lost without a report; what is not mail is left alone.
 * 6. Mail that is found under two names (a power cut may leave both of a rename) is one mail.
 */
export class MailIntake {
  readonly #options: IntakeOptions;
  readonly #outcomes = new Map<string, MailOutcome>();
  readonly #asking = new Map<string, (outcome: MailOutcome) => void>();
  /** Refusals whose senders have not asked, by id. */
  readonly #untold = new Map<string, FileStoreReport>();
  readonly #foreign = new Set<string>();
  #count = 0;
  #isClosed = false;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Takes all that is there now; resolves when that is done, or can't be done now, which is reported. */
  async take(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run();
    await this.#running;
  }

  /** What becomes of that mail; undefined where it is not there, or can't be taken now. */
  async outcomeOf(id: string): Promise<MailOutcome | undefined> {
    let outcome = this.#outcomes.get(id);
    this.#untold.delete(id);
    if (outcome) return outcome;
    this.#asking.set(id, (told) => {
      outcome = told;
    });
    await this.take();
    this.#asking.delete(id);
    return outcome;
  }

  /** Reports what was refused, and whose senders have not asked since: they may be gone. */
  reportUntold(): void {
    for (const report of this.#untold.values()) this.#options.onReport(report);
    this.#untold.clear();
  }

  /** Takes no more; resolves when what is under way is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#running;
  }

  /** Removes what senders have left who died long ago. */
  async sweep(now = Date.now()): Promise<void> {
    const names = await mailNames(this.#options);
    const waiting = await readWaiting(this.#options, names);
    const ids = new Set(waiting.flatMap(({ mail }) => (mail === 'damaged' ? [] : mail.id)));
    for (const name of names) {
      if (name.kind !== 'draft' && name.kind !== 'attachment') continue;
      if (!ids.has(name.id) && now - madeAt(name.id) > ABANDONED_MS) await this.#remove(name.file);
    }
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#isClosed) {
        this.#again = false;
        // Who was told may have sent more by now.
        if (await this.#round()) this.#again = true;
      }
    } catch (error) {
      const failure = storageError(error, this.#options.directory);
      if (!isHoldfastError(failure, 'STORE_FENCED')) this.#options.onReport({ code: 'MAIL_FAILED', error: failure });
    } finally {
      this.#running = undefined;
    }
  }

  /** Whether there was mail. */
  async #round(): Promise<boolean> {
    const names = await mailNames(this.#options);
    this.#tellForeign(names);
    const waiting = await readWaiting(this.#options, names);
    if (waiting.length === 0) return false;
    await this.#options.log.assertOwned();
    const held: Held[] = [];
    for (const one of waiting) held.push(...(await this.#hold(one)));
    const failures: unknown[] = [];
    const settled = await Promise.all(this.#submit(held, failures));
    await this.#settle(settled.flatMap((one) => one ?? []));
    if (failures.length > 0) throw failures[0];
    return true;
  }

  /** Gives mail a name of this owner's; nothing where it can't be taken. */
  async #hold({ file, number, mail }: Waiting): Promise<Held[]> {
    const { fileSystem, directory, log } = this.#options;
    const own = heldFile(number, log.epoch, ++this.#count);
    await fileSystem.rename(mailPath(this.#options, file), mailPath(this.#options, own));
    if (mail === 'damaged') return this.#putAside(own);
    try {
      const blobs: Attached[] = [];
      for (const ref of mail.attachments) blobs.push(await readAttachment(fileSystem, directory, ref, MAIL));
      return [{ file: own, mail, blobs }];
    } catch (error) {
      const isDamage = isHoldfastError(error, 'STORE_DAMAGED') || isErrno(error, 'ENOENT');
      // In the log already, it needs them no more; they go before it does.
      if (log.state.mail.has(mail.id)) return [{ file: own, mail, blobs: [] }];
      if (!isDamage) throw error;
      return this.#putAside(own, mail);
    }
  }

  async #putAside(held: string, mail?: Mail): Promise<[]> {
    const { fileSystem, onReport } = this.#options;
    const file = damagedFile(held);
    await fileSystem.rename(mailPath(this.#options, held), mailPath(this.#options, file));
    onReport({ code: 'MAIL_DAMAGED', file: `${MAIL}/${file}` });
    if (mail) this.#tell(mail.id, { refused: damagedMail(`${MAIL}/${file}`) });
    return [];
  }

  /** Hands mail to the log, all in this turn of the event loop, so that it is one group; undefined where it is to stay. */
  #submit(held: readonly Held[], failures: unknown[]): Promise<Settled | undefined>[] {
    const { log, inputOf } = this.#options;
    const stopped = new Set<string>();
    const submitted = new Map<string, Promise<Settled | undefined>>();
    const submit = async (one: Held): Promise<Settled | undefined> => {
      const { mail, blobs } = one;
      const before = log.state.mail.get(mail.id);
      if (before !== undefined) return { ...one, written: true, outcome: { accepted: acceptedBefore(mail, before) } };
      let written = false;
      const change = mailChange(mail, blobs, inputOf);
      const plan: Change<Accepted>['plan'] = (stage, refs) => {
        if (stopped.has(mail.sender)) throw outOfOrder(mail);
        const entry = change.plan(stage, refs);
        written = entry !== undefined;
        return entry;
      };
      try {
        const accepted = await log.submit({ ...change, plan });
        if (written) this.#options.taken(mail.asked.row, mail.sender);
        return { ...one, written, outcome: { accepted } };
      } catch (error) {
        if (isHoldfastError(error) && REFUSALS.includes(error.code)) {
          return { ...one, written: false, outcome: { refused: error } };
        }
        stopped.add(mail.sender);
        failures.push(error);
        return undefined;
      }
    };
    return held.map((one) => {
      const twin = submitted.get(one.mail.id);
      const settled = twin ? twin.then((other) => other && { ...other, file: one.file }) : submit(one);
      submitted.set(one.mail.id, settled);
      return settled;
    });
  }

  async #settle(settled: readonly Settled[]): Promise<void> {
    const { fileSystem, log } = this.#options;
    const written = settled.filter((one) => one.written);
    const others = settled.filter((one) => !one.written);
    for (const { mail, outcome } of written) this.#tell(mail.id, outcome);
    // A later owner knows of more: what is refused by what this one knows must not go then.
    if (others.length > 0) await log.assertOwned();
    for (const { file, mail } of settled) {
      await this.#remove(file);
      for (const attachment of mail.attachments) await this.#remove(attachment.file);
    }
    if (settled.length > 0) await fileSystem.syncFolder(mailPath(this.#options));
    for (const { mail } of written) log.state.mail.delete(mail.id);
    for (const { file, mail, outcome } of others) {
      if ('refused' in outcome && !this.#asking.has(mail.id)) {
        this.#untold.set(mail.id, refusalOf(file, mail, outcome.refused));
      }
      this.#tell(mail.id, outcome);
    }
  }

  #tell(id: string, outcome: MailOutcome): void {
    this.#outcomes.set(id, outcome);
    for (const [oldest] of this.#outcomes) {
      if (this.#outcomes.size <= REMEMBERED) break;
      this.#outcomes.delete(oldest);
    }
    this.#asking.get(id)?.(outcome);
  }

  #tellForeign(names: readonly MailName[]): void {
    for (const { kind, file } of names) {
      if (kind !== 'foreign' || this.#foreign.has(file)) continue;
      this.#foreign.add(file);
      this.#options.onReport({ code: 'MAIL_FOREIGN', file: `${MAIL}/${file}` });
    }
  }

  #remove(file: string): Promise<void> {
    return this.#options.fileSystem.remove(mailPath(this.#options, file));
  }
}

function refusalOf(file: string, { asked }: Mail, error: HoldfastError): FileStoreReport {
  const { workflow, run } = asked.row;
  const which = asked.kind === 'inbox' ? { lane: asked.row.lane, id: asked.row.id } : {};
  return { code: 'MAIL_REFUSED', file: `${MAIL}/${file}`, workflow, run, ...which, error };
}

/** The answer to mail that was in the log already, its sender untold. */
function acceptedBefore({ asked }: Mail, n: number): Accepted {
  return asked.kind === 'start' ? { outcome: 'started' } : { outcome: 'queued', n };
}

function outOfOrder({ asked }: Mail): HoldfastError {
  return new HoldfastError('STORE_FAILED', {
    message: `Mail for run "${asked.row.run}" waits for mail which its sender had sent before, and which could not be taken.`,
    retryable: true,
  });
}

function damagedMail(file: string): HoldfastError {
  return new HoldfastError('STORE_DAMAGED', {
    message: `An attachment of ${file} is missing or damaged, so it was not accepted.`,
    remedy: 'Check the disk, then repeat the call.',
    details: { file, offset: 0 },
  });
}
