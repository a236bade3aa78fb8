import type { EventObject } from 'xstate';
import { decode, encode } from '../codec/index.js';
import { type Duration, toMs } from '../define/duration.js';
import type {
  AnyServices,
  StandIns,
  StepBody,
  StepFunction,
  StepsLogic,
  UndoableOptions,
  UndoBody,
  UndoContext,
} from '../define/steps-logic.js';
import type { Leaf, Outcome } from '../engine/index.js';
import { HoldfastError } from '../errors/index.js';
import type { Clock, Connectivity, Ground } from '../host/ports.js';
import type { Progress } from '../records/records.js';
import { type ChildPorts, Children } from './children.js';
import { EventWaits } from './event-waits.js';
import { cancelId, isFinal, type JournalEntry, journalId, ownerKey, type StepRecord } from './journal.js';
import { LateSignal } from './late-signal.js';
import type { Mail } from './mail.js';
import { isName } from './name.js';
import { never } from './never.js';
import { seededRandom, uuidFrom } from './random.js';
import { afterItsEnd, misused, nestedIn, notAskedFor, otherKind, outcomeUnknown } from './refusals.js';
import { Replay } from './replay.js';
import { delayAfter, NO_OPTIONS, type StepSettings, toSettings } from './retry.js';
import { type StepAllPorts, stepAll } from './step-all.js';
import { type LocalWrite, type TransactionPorts, transaction } from './transactions.js';
import { Trial } from './trial.js';
import { afterAllElse } from './turn.js';
import { Unasked } from './unasked.js';
import { type DueUndo, GRACE_MS, isUndoName, Undos, undoName, undone } from './undo.js';

/** What an execution needs of its run and host. */
export interface ExecutionPorts {
  readonly clock: Clock;
  readonly connectivity: Connectivity;
  /** Asked when a try has failed, before that counts: see {@link Ground}. */
  readonly holds: Ground['holds'];
  readonly services: AnyServices;
  /** By name: they take the place of the function's own. */
  readonly steps: StandIns;
  readonly epoch: number;
  /** How long the text of a heartbeat's details may be. */
  readonly valueLength: number;
  /**
   * Resolves when a step's effect may happen: the run is marked as running, and this host still owns the store. Undefined
   * where it may now.
   */
  begin(): Promise<void> | undefined;
  /** Resolves when the run is not paused. */
  unpaused(): Promise<void>;
  /** Other runs of its host. */
  readonly children: ChildPorts;
  /** Performs a try. */
  around<T>(
    step: { name: string; idempotencyKey: string; attempt: number; timeoutMs: number | undefined },
    perform: () => T,
  ): T;
  /** Resolves, with the entry as stored, when it is durable. */
  record(record: StepRecord): Promise<JournalEntry>;
  /**
   * Resolves, with the entry as stored, when it and the app's rows are durable; rejects, when nothing is stored, with what
   * the write threw or why there can be none here.
   */
  transact(write: LocalWrite): Promise<JournalEntry>;
  /** Resolves when the entry of a step under way is stored; no result waits for it. */
  heartbeat(record: StepRecord): Promise<JournalEntry>;
  progress(progress: Progress): void;
  /** Tells whoever listens, now. */
  emit(event: EventObject): void;
  /** Resolves when the events that were accepted by now have been given. */
  inboxTaken(): Promise<void>;
  /** Told once, when the function has returned, or has thrown and was undone. */
  settled(outcome: Outcome): void;
  /** Told in place of `settled`, when it was cancelled and is undone. */
  undone(): void;
  /** Told in place of `settled`: it is to begin anew with that input, and an empty journal. */
  continued(input: unknown): void;
  /** Told when it may have come to be quiet. */
  calmed(): void;
  /** Told in place of `settled`: the function is not the one that wrote the journal. It is stopped then. */
  unfit(error: HoldfastError): void;
}

export interface ExecutionOptions {
  readonly logic: StepsLogic<unknown, unknown>;
  readonly input: unknown;
  readonly leaf: Leaf;
  /** First part of every idempotency key. */
  readonly runKey: string;
  readonly journal: ReadonlyMap<string, JournalEntry>;
  /** What it was sent and has not taken, in order. */
  readonly mail: readonly Mail[];
}

/** What an execution has asked for. */
export interface Trace {
  /** By name: how many results had been given by then, those that may be nested left out. */
  readonly asked: ReadonlyMap<string, number>;
  /** Asked for while another step was under way. */
  readonly nested: ReadonlySet<string>;
  readonly journal: ReadonlyMap<string, JournalEntry>;
}

/**
 * One execution of a step function: its body, run from the top against the journal.
 *
 * Owns: the journal in memory, the steps under way. Never: the store.
 * 1. A step with a final entry is not performed; its result is handed back in the stored order.
 * 2. A result reaches the function only after its entry is durable.
 * 3. A function that does not go the way its journal went is stopped: it is never told so, and nothing is written.
 * 4. Once it is being undone, nothing but undos begins, and a cancelled function is never told.
 * 5. After `stop`, nothing the function does has an effect: its steps never resolve, its signals are aborted.
 */
export class StepsExecution {
  readonly #options: ExecutionOptions;
  readonly #ports: ExecutionPorts;
  readonly #journal: Map<string, JournalEntry>;
  readonly #replay: Replay;
  readonly #waits: EventWaits;
  readonly #children: Children;
  readonly #unasked: Unasked;
  /** How much of what is stored was not asked for yet, waits under way included. */
  #unseen = 0;
  /** What was asked for, and how many results had been given by then. */
  readonly #asked = new Map<string, number>();
  #given = 0;
  readonly #nested = new Set<string>();
  readonly #abort = new LateSignal();
  /** What `stop` has to end; a list of its own, as Node warns of more than ten listeners to one signal. */
  readonly #stops = new Set<() => void>();
  readonly #random: () => number;
  #now: number;
  readonly #counts = { performing: 0, waiting: 0 };
  /** Tries whose result is to be stored. */
  #tries = 0;
  /** The step whose body is being called right now. */
  #calling: string | undefined;
  /** Entries on their way to the store. */
  #storing = 0;
  readonly #trials = new Set<Trial>();
  readonly #undos: Undos;
  #idle: (() => void)[] = [];
  #undoing = false;
  #cancelled = false;
  /** Turns of the event loop in which it may go on. */
  #stirs = 0;
  #ending = false;
  #ended = false;
  #continuing = false;

  constructor(options: ExecutionOptions, ports: ExecutionPorts) {
    const { journal, leaf, runKey } = options;
    this.#options = options;
    this.#ports = ports;
    this.#journal = new Map(journal);
    this.#undos = new Undos(journal);
    const orders: number[] = [];
    // Not by an iterator: it would make a pair for each of ten thousand.
    journal.forEach((entry, name) => {
      if (!entry.nested && !isUndoName(name)) this.#unseen++;
      if (isFinal(entry)) orders.push(entry.order ?? 0);
    });
    const { clock } = ports;
    this.#replay = new Replay(orders, (work) => void clock.at(clock.now(), work));
    this.#waits = this.#eventWaits();
    this.#children = this.#childRuns();
    this.#unasked = new Unasked(journal, {
      isAsked: (name) => this.#asked.has(name),
      caughtUp: () => this.#replay.caughtUp(),
      wait: (ms) => this.#untilWoken((wake) => clock.at(clock.now() + ms, wake)),
      unfit: (error) => void this.#unfit(error),
    });
    this.#random = seededRandom(`${runKey}/${ownerKey(leaf)}`);
    this.#now = leaf.bornAt;
  }

  /** True while nothing but a stored deadline or an event can move it. */
  get quiet(): boolean {
    const { waiting, performing } = this.#counts;
    return waiting > 0 && performing === 0 && !this.#replay.asked && this.#stirs === 0 && !this.#ended;
  }

  /** Whether stored results are being handed back right now. */
  get replaying(): boolean {
    return this.#replay.busy;
  }

  get trace(): Trace {
    return { asked: this.#asked, nested: this.#nested, journal: this.#journal };
  }

  /** How many entries it has asked for that are not stored yet: a crash would leave them to be asked for again. */
  get storing(): number {
    return this.#storing;
  }

  /** True while a try is under way, or its result not stored yet. */
  get busy(): boolean {
    return this.#tries > 0;
  }

  start(): void {
    const { logic, input } = this.#options;
    const context = {
      input,
      step: this.#stepFunction(),
      sleep: (name: string, duration: Duration) => this.#sleep(name, duration),
      waitForEvent: (...args: Parameters<EventWaits['wait']>) => this.#waits.wait(...args),
      child: (...args: Parameters<Children['start']>) => this.#children.start(...args),
      progress: (done: number, total: number) => this.#progress(done, total),
      emit: (event: EventObject) => this.#emit(event),
      continueWith: (next: unknown) => this.#continueWith(next),
      now: () => this.#now,
      random: this.#random,
      uuid: () => uuidFrom(this.#random),
    };
    Promise.resolve()
      .then(() => logic.config(context as never))
      .then(
        (output) => this.#settle({ output }),
        (error) => this.#settle({ error }),
      );
  }

  /** What it was sent and has not taken, in order. */
  get mail(): readonly Mail[] {
    return this.#waits.mail;
  }

  /** It was sent an event. */
  give(mail: Mail): void {
    this.#waits.give(mail);
  }

  stop(reason: unknown): void {
    this.#abort.abort(reason);
    for (const trial of this.#trials) {
      trial.end();
      trial.abort(this.#abort.reason);
    }
    for (const end of this.#stops) end();
    this.#stops.clear();
  }

  /** Takes back what it has done. It goes nowhere any more, and hears nothing of it; then `undone` is told. */
  async cancel(): Promise<void> {
    if (this.#cancelled) return;
    this.#cancelled = true;
    // Having failed, it is being undone already.
    if (this.#undoing) return;
    this.#undoing = true;
    const lost = await this.#settledAll(() => this.#undos.missing(this.#options.journal));
    if (lost.length > 0) this.#unfit(notAskedFor(lost));
    else await this.#undoAll(() => this.#ports.undone());
  }

  async #settle(outcome: Outcome): Promise<void> {
    if (!(await this.#comesToItsEnd())) return;
    if ('output' in outcome) await this.#children.cancelAll();
    if (this.#abort.aborted) return;
    if ('error' in outcome)
      await this.#undoAll(() => (this.#cancelled ? this.#ports.undone() : this.#ports.settled(outcome)));
    else this.#ports.settled(outcome);
  }

  async #continueWith(input: unknown): Promise<never> {
    if (this.#abort.aborted) return never();
    if (this.#ended) throw afterItsEnd('continueWith');
    // As it is now, whatever is done to it until it is stored.
    const next = decode(encode(input, 'input of continueWith'));
    this.#continuing ||= !this.#ending;
    if (await this.#comesToItsEnd()) this.#ports.continued(next);
    return never();
  }

  /** Whether nothing that it asks for is done any more, and it is not to be told so. */
  get #isOver(): boolean {
    return this.#abort.aborted || (this.#ended && this.#continuing);
  }

  /** The first end counts: what comes after `continueWith` is nothing. */
  async #comesToItsEnd(): Promise<boolean> {
    if (this.#ending) return false;
    this.#ending = true;
    const lost = await this.#settledAll(() => this.#lost());
    if (this.#abort.aborted || this.#cancelled) return false;
    this.#ended = true;
    if (lost.length > 0) void this.#unfit(notAskedFor(lost));
    return lost.length === 0;
  }

  /** Lets what is under way end, and performs the undos of all that has begun, one after the other. */
  async #undoAll(then: () => void): Promise<void> {
    this.#undoing = true;
    const reason = new DOMException('The step function is undone.', 'AbortError');
    for (const trial of this.#trials) trial.askToEnd(reason, GRACE_MS);
    while (this.busy) await new Promise<void>((idle) => this.#idle.push(idle));
    await this.#children.cancelAll();
    if (this.#abort.aborted) return;
    for (const undo of this.#undos.due()) await this.#undo(undo);
    if (!this.#abort.aborted) then();
  }

  async #undo({ step, settings, body }: DueUndo): Promise<void> {
    const name = undoName(step);
    const entry = this.#journal.get(name);
    this.#asked.set(name, this.#given);
    const told = undone(this.#journal.get(step));
    const perform = (this.#ports.steps[name] ?? body) as UndoBody<unknown>;
    try {
      if (entry && isFinal(entry)) await this.#handBack(entry);
      else
        await this.#perform(
          name,
          settings,
          (context) => perform({ ...context, ...told } as UndoContext<unknown>),
          entry,
        );
    } catch {
      // It was tried as often as it asked for, and stands in the journal as failed.
    }
  }

  /** Stored results, and marks, that the function has not asked for. */
  #lost(): string[] {
    return [...new Set([...this.#unasked.names, ...this.#undos.missing(this.#options.journal)])];
  }

  /** What is missing when nothing more happens. Branches that the function does not wait for are let go on to theirs. */
  async #settledAll(find: () => string[]): Promise<string[]> {
    let lost = find();
    for (let before = Infinity; lost.length > 0 && lost.length < before; lost = find()) {
      before = lost.length;
      await this.#caughtUp();
    }
    return lost;
  }

  /** Resolves when it has got as far as it can with what is stored. */
  async #caughtUp(): Promise<void> {
    await new Promise<void>(afterAllElse);
    await this.#replay.caughtUp();
  }

  #unfit(error: HoldfastError): Promise<never> {
    this.stop(error);
    this.#ports.unfit(error);
    return never();
  }

  #stepFunction(): StepFunction {
    const { steps } = this.#ports;
    // To look a name up that was just made, the engine has to find out whether it is known: of ten thousand that costs.
    const hasStandIns = Object.keys(steps).length > 0;
    const step = <T>(name: string, ...rest: unknown[]) => {
      const options = (rest.length > 1 ? rest[0] : NO_OPTIONS) as UndoableOptions<T>;
      const standIn = hasStandIns && isName(name) && Object.hasOwn(steps, name) ? steps[name] : undefined;
      return this.#step(name, options, (standIn ?? rest[rest.length - 1]) as StepBody<T>);
    };
    const ports: StepAllPorts = {
      isCompleted: (name) => this.#journal.get(name)?.status === 'completed',
      standIn: (name) => this.#ports.steps[name],
      step: (...args) => this.#step(...args),
    };
    return Object.assign(step, {
      all: stepAll.bind(undefined, ports),
      transaction: transaction.bind(undefined, this.#transactionPorts()),
    }) as unknown as StepFunction;
  }

  #transactionPorts(): TransactionPorts {
    const { clock, valueLength, steps } = this.#ports;
    return {
      clock,
      valueLength,
      over: () => this.#isOver,
      ask: (name) => this.#ask(name),
      handBack: (entry) => this.#handBack(entry),
      conclude: (entry) => this.#conclude(entry),
      unfit: (error) => this.#unfit(error),
      caughtUp: (name) => this.#allAskedFor(name),
      whenItMayBegin: (work) => this.#whenItMayBegin(false, work),
      isUndone: () => this.#undoing,
      holds: () => this.#ports.holds(),
      standIn: (name) => steps[name],
      call: (name, body) => {
        const tried = { name, idempotencyKey: this.#idempotencyKey(name), attempt: 1, timeoutMs: undefined };
        return this.#ports.around(tried, () => this.#call(name, body));
      },
      transact: async (name, write) => {
        const stored = await this.#stored(name, this.#ports.transact(write((entry) => this.#marked(name, entry))));
        await this.#replay.caughtUp();
        return stored;
      },
      recordEnd: (name, entry) => this.#recordEnd(name, entry),
    };
  }

  #idempotencyKey(name: string): string {
    const { runKey, leaf } = this.#options;
    return `${runKey}/${ownerKey(leaf)}/${encodeURIComponent(name)}`;
  }

  /** Before what is asked for now there may be results that a function running again has not asked for yet. */
  async #allAskedFor(name: string): Promise<void> {
    if (this.#unasked.any) await this.#count('performing', () => this.#unasked.none(name));
  }

  #childRuns(): Children {
    const { runKey, leaf } = this.#options;
    return new Children({
      host: this.#ports.children,
      clock: this.#ports.clock,
      ended: this.#abort,
      keyPrefix: `${runKey}/${ownerKey(leaf)}`,
      cancelId: (name) => cancelId(runKey, journalId(leaf, name)),
      over: () => this.#isOver || this.#undoing || this.#ending,
      caughtUp: () => this.#caughtUp(),
      ask: (name) => this.#ask(name),
      journal: () => this.#journal,
      handBack: (entry) => this.#handBack(entry),
      conclude: (entry) => this.#conclude(entry),
      unfit: (error) => this.#unfit(error),
      record: (name, entry) => this.#record(name, entry),
      recordEnd: (name, entry) => this.#recordEnd(name, entry),
      count: (as, work) => this.#count(as, work),
      begin: () => this.#ports.begin(),
      unpaused: () => this.#ports.unpaused(),
    });
  }

  #eventWaits(): EventWaits {
    return new EventWaits(this.#options.mail, {
      clock: this.#ports.clock,
      stopped: () => this.#isOver,
      over: () => this.#isOver || this.#undoing,
      ask: (name) => this.#ask(name),
      handBack: (entry) => this.#handBack(entry),
      conclude: (entry) => this.#conclude(entry),
      unfit: (error) => this.#unfit(error),
      record: (name, entry, mail) => this.#record(name, entry, undefined, mail),
      recordEnd: (name, entry, mail) => this.#recordEnd(name, entry, undefined, mail),
      count: (as, work) => this.#count(as, work),
      untilWoken: (listen) => this.#untilWoken(listen),
      caughtUp: () => this.#caughtUp(),
      unpaused: () => this.#ports.unpaused(),
      inboxTaken: () => this.#ports.inboxTaken(),
    });
  }

  /** Not `async`: a stored result is handed back by one promise alone, as there may be ten thousand. */
  #step<T>(name: string, options: UndoableOptions<T>, body: StepBody<T>, progress?: () => Progress): Promise<T> {
    if (this.#isOver) return never();
    try {
      const entry = this.#ask(name);
      if (entry && entry.kind !== 'step') return this.#unfit(otherKind(name, 'step', entry.kind));
      if (typeof body !== 'function') throw misused(`Step "${name}" has no function as its last argument.`);
      const settings = toSettings(name, options);
      this.#undos.register(name, options.undo as UndoableOptions<unknown>['undo'], entry);
      if (entry && isFinal(entry)) return this.#handBack<T>(entry);
      return this.#perform(name, settings, body, entry, progress);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Checks a step's name and finds its entry. */
  #ask(name: string): JournalEntry | undefined {
    const entry = this.#journal.get(name);
    // What is stored was asked for by that name.
    if (!entry && !isName(name)) throw misused('A step needs a name, a string of whole characters that is not empty.');
    if (isUndoName(name)) throw misused(`The name "${name}" is taken by the undo of a step.`);
    if (this.#ended) throw afterItsEnd(`"${name}"`);
    if (this.#asked.has(name)) {
      throw new HoldfastError('STEP_DUPLICATE', {
        message: `There are two steps named "${name}" in one step function.`,
        remedy: 'Give each its own name; in a loop, make the item part of it, or use step.all.',
        details: { step: name },
      });
    }
    if (this.#calling !== undefined) throw nestedIn(name, this.#calling);
    this.#asked.set(name, this.#given);
    if (entry) {
      this.#unasked.asked(entry);
      if (!entry.nested) this.#unseen--;
    }
    if (this.#counts.performing > 0) this.#nested.add(name);
    return entry;
  }

  #handBack<T>(entry: JournalEntry): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#replay.turn(entry.order ?? 0, () => {
        if (this.#abort.aborted) return;
        this.#stir();
        try {
          resolve(this.#conclude<T>(entry));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  /** Makes the function's call end as the entry says. */
  #conclude<T>(entry: JournalEntry): T {
    this.#now = Math.max(this.#now, entry.endedAt);
    if (!entry.nested) this.#given++;
    if (entry.status === 'failed') throw entry.error;
    return entry.output as T;
  }

  async #perform<T>(
    name: string,
    settings: StepSettings,
    body: StepBody<T>,
    stored: JournalEntry | undefined,
    progress?: () => Progress,
  ): Promise<T> {
    const { clock } = this.#ports;
    if (settings.atMostOnce && stored?.status === 'begun') return this.#endUnknown<T>(name, stored, progress);
    const isUndo = isUndoName(name);
    if (!isUndo && this.#unasked.any) await this.#allAskedFor(name);
    let entry = stored;
    for (;;) {
      if (entry?.until !== undefined) await this.#until(entry.until);
      // The network can move it as well: it must not count as waiting for a deadline.
      if (settings.online) await this.#count('performing', () => this.#online());
      const tried = await this.#whenItMayBegin(isUndo, async () => {
        const startedAt = clock.now();
        if (entry?.status === 'exhausted') entry = anew(entry, startedAt);
        const begun = this.#begun(startedAt, entry);
        const needsMark = settings.atMostOnce || this.#undos.needsMark(name);
        this.#undos.mark(name);
        if (needsMark) await this.#record(name, begun);
        if (this.#abort.aborted) return never<JournalEntry>();
        const trial = this.#trial(name, settings, begun);
        const outcome = this.#outcomeOf(trial, name, body, settings, begun.attempts + 1);
        const result = outcome instanceof Promise ? await outcome : outcome;
        trial.end();
        this.#trials.delete(trial);
        if (this.#abort.aborted) return never<JournalEntry>();
        if ('error' in result && this.#undoing && !isUndo) return undefined;
        if (trial.details !== undefined) entry = { ...begun, details: trial.details };
        const counts = 'error' in result ? this.#ports.holds() : true;
        if (counts !== true && !(await counts)) {
          if (this.#abort.aborted) return never<JournalEntry>();
          if (!settings.atMostOnce) return undefined;
        }
        if ('error' in result && settings.online && !settings.atMostOnce) {
          const online = await this.#stillOnline();
          if (this.#abort.aborted) return never<JournalEntry>();
          if (!online) return undefined;
        }
        const next = this.#toEntry(settings, result, startedAt, entry);
        if (next.status === 'retrying') return next;
        const recorded = await this.#record(name, next, progress);
        if (isFinal(next) && this.#replay.behind) await this.#replay.caughtUp();
        return recorded;
      });
      if (!tried) continue;
      entry = tried.status === 'retrying' ? await this.#recordWait(name, tried) : tried;
      if (this.#abort.aborted) return never();
      if (isFinal(entry)) return this.#conclude<T>(entry);
    }
  }

  /** Performs a try once it may begin, and counts it: a pause lets it end. */
  async #whenItMayBegin<T>(isUndo: boolean, work: () => Promise<T>): Promise<T> {
    this.#counts.performing++;
    this.#tellCalm();
    await this.#ports.begin();
    if (this.#undoing && !isUndo) return never();
    this.#tries++;
    try {
      return await (this.#abort.aborted ? never<T>() : work());
    } finally {
      this.#tries--;
      this.#counts.performing--;
      this.#stir();
      if (!this.busy) this.#calm();
    }
  }

  #calm(): void {
    if (this.#idle.length > 0) for (const tell of this.#idle.splice(0, Infinity)) tell();
    this.#ports.calmed();
  }

  /** Its only try was cut off after its mark: that it has ended is all that can be said. */
  async #endUnknown<T>(name: string, { details: _, ...begun }: JournalEntry, progress?: () => Progress): Promise<T> {
    const error = outcomeUnknown(name);
    const ended = { ...begun, status: 'failed', attempts: 1, error, endedAt: this.#ports.clock.now() } as const;
    const stored = await this.#count('performing', () => this.#recordEnd(name, ended, progress));
    if (this.#abort.aborted) return never();
    return this.#conclude<T>(stored);
  }

  /** The entry of a step whose next try is under way. */
  #begun(startedAt: number, last: JournalEntry | undefined): JournalEntry {
    const { attempts = 0, details } = last ?? NOTHING;
    const firstAt = last?.startedAt ?? startedAt;
    const endedAt = this.#ports.clock.now();
    const begun = { kind: 'step', status: 'begun', attempts, startedAt: firstAt, endedAt } as const;
    return details === undefined ? begun : { ...begun, details };
  }

  #trial(step: string, { timeoutMs }: StepSettings, begun: JournalEntry): Trial {
    const { clock, valueLength } = this.#ports;
    const store = (details: unknown) => this.#heartbeat(step, { ...begun, details });
    const trial = new Trial({ step, clock, timeoutMs, valueLength, details: begun.details, store });
    this.#trials.add(trial);
    return trial;
  }

  #outcomeOf<T>(
    trial: Trial,
    name: string,
    body: StepBody<T>,
    { timeoutMs }: StepSettings,
    attempt: number,
  ): Outcome | Promise<Outcome> {
    const { services, epoch } = this.#ports;
    const idempotencyKey = this.#idempotencyKey(name);
    const context = trial.context({ idempotencyKey, attempt, epoch, services });
    const call = () => this.#call(name, () => body(context));
    return trial.outcomeOf(() => this.#ports.around({ name, idempotencyKey, attempt, timeoutMs }, call));
  }

  /** What it asks for before its body gives way was asked for in there, and nowhere else. */
  #call<T>(step: string, body: () => T): T {
    this.#calling = step;
    try {
      return body();
    } finally {
      this.#calling = undefined;
    }
  }

  #heartbeat(step: string, entry: JournalEntry): Promise<JournalEntry> {
    return this.#ports.heartbeat({ step, entry: this.#marked(step, entry) });
  }

  #toEntry(settings: StepSettings, result: Outcome, startedAt: number, last: JournalEntry | undefined): JournalEntry {
    const endedAt = this.#ports.clock.now();
    const attempts = (last?.attempts ?? 0) + 1;
    const firstAt = last?.startedAt ?? startedAt;
    const base = { kind: 'step', status: 'completed', attempts, startedAt: firstAt, endedAt } as const;
    if ('output' in result) return { ...base, output: result.output };
    try {
      const times = { now: endedAt, startedAt: firstAt };
      const { error } = result;
      const wait = delayAfter(settings.retry, attempts, error, Math.random, times);
      const kept = last?.details === undefined ? {} : { details: last.details };
      const pauses = wait === 'exhausted' || (wait === undefined && settings.undo);
      if (pauses && settings.retry.onExhausted === 'pause') return { ...base, status: 'exhausted', error, ...kept };
      if (wait === undefined || wait === 'exhausted') return { ...base, status: 'failed', error };
      return { ...base, status: 'retrying', error, until: endedAt + wait, ...kept };
    } catch (error) {
      return { ...base, status: 'failed', error };
    }
  }

  /** @param mail place of the event that is taken out of the mailbox. */
  #record(step: string, entry: JournalEntry, progress?: () => Progress, mail?: string): Promise<JournalEntry> {
    const record: Writable<StepRecord> = { step, entry: this.#marked(step, entry) };
    if (entry.status === 'completed' && progress) record.progress = progress();
    if (mail !== undefined) record.mail = mail;
    return this.#stored(step, this.#ports.record(record));
  }

  #stored(step: string, storing: Promise<JournalEntry>): Promise<JournalEntry> {
    this.#storing++;
    return storing.then(
      (stored) => {
        this.#storing--;
        this.#journal.set(step, stored);
        return stored;
      },
      (error) => {
        this.#storing--;
        throw error;
      },
    );
  }

  #marked(step: string, entry: JournalEntry): JournalEntry {
    const undo = this.#undos.rankOf(step);
    const nested = this.#nested.has(step);
    if (undo === undefined && !nested) return entry;
    return { ...entry, ...(nested ? { nested: true } : {}), ...(undo === undefined ? {} : { undo }) };
  }

  /** A new result comes to the function after those that are stored. */
  async #recordEnd(step: string, entry: JournalEntry, progress?: () => Progress, mail?: string): Promise<JournalEntry> {
    const stored = await this.#record(step, entry, progress, mail);
    if (this.#replay.behind) await this.#replay.caughtUp();
    return stored;
  }

  /** Stores a wait, and waits: without a gap in which it seems to do neither, or the run would not be put to rest. */
  #recordWait(name: string, entry: JournalEntry): Promise<JournalEntry> {
    return this.#count('waiting', async () => {
      const stored = await this.#record(name, entry);
      if (stored.until !== undefined) await this.#until(stored.until);
      return stored;
    });
  }

  async #sleep(name: string, duration: Duration): Promise<void> {
    if (this.#isOver) return never();
    let entry = this.#ask(name);
    if (entry && entry.kind !== 'sleep') return this.#unfit(otherKind(name, 'sleep', entry.kind));
    const ms = toMs(duration, `sleep "${name}"`);
    if (entry && isFinal(entry)) return this.#handBack<void>(entry);
    if (this.#undoing) return never();
    if (!entry) {
      const startedAt = this.#ports.clock.now();
      const base = { kind: 'sleep', attempts: 0, startedAt, endedAt: startedAt } as const;
      const sleeping = { ...base, status: 'sleeping', until: startedAt + ms } as const;
      entry = await this.#recordWait(name, sleeping);
    }
    const { until = 0, ...rest } = entry;
    const stored = await this.#waits.sleep(until, this.#until(until), async () => {
      const woken = { ...rest, status: 'completed', endedAt: this.#ports.clock.now() } as const;
      return this.#undoing ? undefined : this.#recordEnd(name, woken);
    });
    return !stored || this.#abort.aborted ? never() : this.#conclude<void>(stored);
  }

  /** Counts itself as performing or waiting while `work` is under way: that is what {@link quiet} looks at. */
  async #count<T>(as: 'performing' | 'waiting', work: () => Promise<T>): Promise<T> {
    this.#counts[as]++;
    this.#tellCalm();
    try {
      return await work();
    } finally {
      this.#counts[as]--;
      this.#stir();
    }
  }

  /** What the function does next shows when all promises that can settle now have settled: until then it is not quiet. */
  #stir(): void {
    if (this.#counts.waiting === 0 || this.#abort.aborted) return;
    this.#stirs++;
    afterAllElse(() => {
      this.#stirs--;
    });
    this.#tellCalm();
  }

  /** Most waits are told by the checkpoint that stores them: those of before a restore are not. */
  #tellCalm(): void {
    if (this.#counts.waiting === 0) return;
    afterAllElse(() => {
      if (this.quiet && !this.#abort.aborted) this.#ports.calmed();
    });
  }

  async #until(at: number): Promise<void> {
    const { clock } = this.#ports;
    if (at > clock.now()) await this.#count('waiting', () => this.#untilWoken((wake) => clock.at(at, wake)));
    await this.#ports.unpaused();
  }

  async #online(): Promise<void> {
    const { connectivity } = this.#ports;
    while (!connectivity.online()) await this.#untilWoken((wake) => connectivity.subscribe(wake));
  }

  async #stillOnline(): Promise<boolean> {
    const { connectivity } = this.#ports;
    return connectivity.check ? connectivity.check() : connectivity.online();
  }

  /** Waits for `wake`; after `stop` it never resolves, and what it listens to is let go. */
  #untilWoken(listen: (wake: () => void) => () => void): Promise<void> {
    if (this.#abort.aborted) return never();
    return new Promise((resolve) => {
      const end = listen(() => {
        this.#stops.delete(end);
        end();
        resolve();
      });
      this.#stops.add(end);
    });
  }

  #progress(done: number, total: number): void {
    if (!Number.isFinite(done) || !Number.isFinite(total))
      throw misused('progress needs two numbers: what is done, and the total.');
    if (this.#tells) this.#ports.progress({ done, total });
  }

  #emit(event: EventObject): void {
    if (typeof event?.type !== 'string') throw misused('emit needs an event, an object with a type.');
    if (this.#tells) this.#ports.emit(event);
  }

  /** Whether it has got to where its journal ends: what it told before that was told. */
  get #tells(): boolean {
    return !this.#replay.under && this.#unseen === 0 && !this.#undoing && !this.#abort.aborted && !this.#ended;
  }
}

const NOTHING: Partial<JournalEntry> = {};

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The entry of a step whose tries were used up, when the run goes on: they are counted anew. */
function anew({ details }: JournalEntry, now: number): JournalEntry {
  const begun = { kind: 'step', status: 'begun', attempts: 0, startedAt: now, endedAt: now } as const;
  return details === undefined ? begun : { ...begun, details };
}
