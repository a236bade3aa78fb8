import { type Duration, toMs } from '../define/duration.js';
import { refuseUnknown } from '../define/options.js';
import type { WaitOptions } from '../define/steps-logic.js';
import type { HoldfastError } from '../errors/index.js';
import type { Clock } from '../host/ports.js';
import { isFinal, type JournalEntry } from './journal.js';
import type { Mail } from './mail.js';
import { never } from './never.js';
import { misused, noEvent, otherKind } from './refusals.js';

/** What waits need of the execution that they are part of. */
export interface EventWaitPorts {
  readonly clock: Clock;
  readonly stopped: () => boolean;
  /** Whether it goes nowhere any more: stopped, or being undone. */
  readonly over: () => boolean;
  /** Checks the name of a wait, and finds its entry. */
  ask(name: string): JournalEntry | undefined;
  handBack<T>(entry: JournalEntry): Promise<T>;
  conclude<T>(entry: JournalEntry): T;
  unfit(error: HoldfastError): Promise<never>;
  /** Resolves when the entry is durable, and what is in `mail` has left the mailbox. */
  record(name: string, entry: JournalEntry, mail?: string): Promise<unknown>;
  recordEnd(name: string, entry: JournalEntry, mail?: string): Promise<JournalEntry>;
  count<T>(as: 'performing' | 'waiting', work: () => Promise<T>): Promise<T>;
  untilWoken(listen: (wake: () => void) => () => void): Promise<void>;
  /** Resolves when the function has got as far as it can: it has asked for all that is to end in order. */
  caughtUp(): Promise<void>;
  /** Resolves when its run is not paused. */
  unpaused(): Promise<void>;
  /** Resolves when the events that were accepted by now have been given. */
  inboxTaken(): Promise<void>;
}

type AnyWaitOptions = WaitOptions<{ type: string }, string>;

interface Asked {
  readonly types: readonly string[];
  readonly match: (event: Mail['event']) => boolean;
  readonly timeoutMs: number | undefined;
}

/** Something that ends by its deadline, or before. */
interface Pending {
  /** What ends it, where that is not its deadline. */
  readonly found?: object | undefined;
  readonly until: number | undefined;
  /** Resolves when its end is durable. */
  readonly ended: Promise<unknown>;
}

/** A wait under way. */
interface Wait extends Asked, Pending {
  /** Deadline, an instant (ms). Of one asked for just now there is none yet: what is in the mailbox came before it. */
  until: number | undefined;
  /** What ends it. */
  found: { readonly mail: Mail } | { readonly error: unknown } | undefined;
  wake: () => void;
  readonly end: () => void;
}

/**
 * The waits for events of one execution of a step function, and its mailbox.
 *
 * Owns: the mail that no wait has taken, the waits under way. Never: the journal.
 * 1. The first event goes to the wait that was asked for first, of those that it fits.
 * 2. An event goes to one wait: it is out of the mailbox in memory at once, and in the store with the end of its wait.
 * 3. A wait with a deadline takes what was accepted by then, and nothing later. Before it gives up, all that was accepted has
 *    been looked at.
 * 4. What ends by an event and what ends by a deadline end in the order of these instants, also when all are found later.
 * 5. While the end of a wait is not durable, the function is performing.
 */
export class EventWaits {
  readonly #ports: EventWaitPorts;
  readonly #mail: Mail[];
  readonly #open = new Set<Wait>();
  readonly #sleeps = new Set<Pending>();

  constructor(mail: readonly Mail[], ports: EventWaitPorts) {
    this.#mail = [...mail];
    this.#ports = ports;
  }

  /** What no wait has taken. */
  get mail(): readonly Mail[] {
    return this.#mail;
  }

  give(mail: Mail): void {
    this.#mail.push(mail);
    this.#look();
  }

  async wait(name: string, options: AnyWaitOptions): Promise<unknown> {
    const { clock, ...ports } = this.#ports;
    if (ports.stopped()) return never();
    const entry = ports.ask(name);
    if (entry && entry.kind !== 'event') return ports.unfit(otherKind(name, 'wait for an event', entry.kind));
    const asked = check(name, options);
    if (entry && isFinal(entry)) return ports.handBack(entry);
    if (ports.over()) return never();
    const wait = this.#begin(asked, entry);
    // Without a gap in which it seems to do nothing: the run may be about to be put to rest.
    this.#look();
    const startedAt = entry?.startedAt ?? clock.now();
    if (!wait.found) {
      await ports.count('waiting', async () => {
        if (!entry) await this.#recordBegin(name, wait, startedAt);
        await this.#untilFound(wait);
      });
    }
    await ports.unpaused();
    const stored = await ports.count('performing', () => this.#recordEnd(name, wait, startedAt));
    return !stored || ports.stopped() ? never() : ports.conclude(stored);
  }

  /**
   * Takes a sleep among the deadlines.
   * @param end lets it end: after the waits for what was accepted by then.
   */
  sleep<T>(until: number, woken: Promise<void>, end: () => Promise<T>): Promise<T> {
    const { count } = this.#ports;
    const inOrder = async () => {
      await this.#ports.caughtUp();
      if (this.#open.size > 0) await this.#before(until);
      return end();
    };
    const ended = woken.then(() => count('performing', inOrder));
    const sleep = { until, ended };
    this.#sleeps.add(sleep);
    return ended.finally(() => this.#sleeps.delete(sleep));
  }

  /** Resolves when the waits for what was accepted up to that instant have ended: who ends by that deadline comes after. */
  async #before(at: number, self?: Wait): Promise<void> {
    await this.#ports.inboxTaken();
    if (self?.found) return;
    const earlier = ({ found }: Wait) => found && 'mail' in found && found.mail.at <= at;
    await allEnded([...this.#open].filter(earlier));
  }

  /** Resolves when all has ended whose deadline was before that instant. */
  async #after(at: number): Promise<void> {
    const now = this.#ports.clock.now();
    const passed = ({ found, until = Infinity }: Pending) => !found && until < at && until <= now;
    await allEnded([...this.#open, ...this.#sleeps].filter(passed));
  }

  #begin(asked: Asked, entry: JournalEntry | undefined): Wait {
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const wait: Wait = { ...asked, until: entry?.until, found: undefined, wake: () => {}, ended, end };
    this.#open.add(wait);
    return wait;
  }

  /** Gives mail to the waits that it fits. */
  #look(): void {
    for (const mail of [...this.#mail]) {
      const taker = [...this.#open].find((wait) => this.#fits(mail, wait));
      if (!taker) continue;
      this.#mail.splice(this.#mail.indexOf(mail), 1);
      this.#find(taker, { mail });
    }
  }

  #fits(mail: Mail, wait: Wait): boolean {
    const { types, match, until = Infinity } = wait;
    if (wait.found || mail.at > until || !types.includes(mail.event.type)) return false;
    try {
      return match(mail.event);
    } catch (error) {
      this.#find(wait, { error });
      return false;
    }
  }

  #find(wait: Wait, found: NonNullable<Wait['found']>): void {
    wait.found = found;
    wait.wake();
    void this.#ports.count('performing', () => wait.ended);
  }

  async #recordBegin(name: string, wait: Wait, startedAt: number): Promise<void> {
    const { types, timeoutMs } = wait;
    if (timeoutMs !== undefined) wait.until = startedAt + timeoutMs;
    const until = timeoutMs === undefined ? {} : { until: startedAt + timeoutMs };
    const base = { kind: 'event', attempts: 0, startedAt, endedAt: startedAt } as const;
    await this.#ports.record(name, { ...base, status: 'waiting', types, ...until });
  }

  async #untilFound(wait: Wait): Promise<void> {
    const { clock, untilWoken } = this.#ports;
    const { until } = wait;
    if (wait.found || (until !== undefined && until <= clock.now())) return;
    await untilWoken((wake) => {
      wait.wake = wake;
      return until === undefined ? () => {} : clock.at(until, wake);
    });
  }

  async #recordEnd(name: string, wait: Wait, startedAt: number): Promise<JournalEntry | undefined> {
    const { clock, recordEnd, over } = this.#ports;
    const { until = 0, types } = wait;
    await this.#ports.caughtUp();
    if (!wait.found) await this.#before(until, wait);
    if (wait.found && 'mail' in wait.found) await this.#after(wait.found.mail.at);
    this.#open.delete(wait);
    if (over()) {
      wait.end();
      return undefined;
    }
    const base = { kind: 'event', attempts: 0, startedAt, endedAt: clock.now() } as const;
    const { found = { error: noEvent(name, types, until) } } = wait;
    const stored =
      'mail' in found
        ? await recordEnd(name, { ...base, status: 'completed', output: found.mail.event }, found.mail.place)
        : await recordEnd(name, { ...base, status: 'failed', error: found.error });
    wait.end();
    return stored;
  }
}

async function allEnded(those: readonly Pending[]): Promise<void> {
  await Promise.all(those.map(({ ended }) => ended));
}

/** @throws `STEP_MISUSED`, `OPTION_INVALID`. */
function check(name: string, options: AnyWaitOptions): Asked {
  if (options) refuseUnknown(options, ['type', 'match', 'timeout'], `waitForEvent "${name}"`);
  const { type, match = () => true, timeout } = options ?? {};
  const types = [type].flat() as readonly string[];
  if (types.length === 0 || !types.every((one) => typeof one === 'string' && one !== '')) {
    throw misused(`waitForEvent "${name}" needs a type, or an array of types.`);
  }
  if (typeof match !== 'function') throw misused(`\`match\` of waitForEvent "${name}" is not a function.`);
  const timeoutMs = timeout === undefined ? undefined : toMs(timeout as Duration, `timeout of waitForEvent "${name}"`);
  return { types, match: match as Asked['match'], timeoutMs };
}
