import type { EventObject } from 'xstate';
import { decode, decodeError, encode, encodeError } from '../codec/index.js';
import type { AnyServices } from '../define/steps-logic.js';
import type { Outcome } from '../engine/index.js';
import type { HoldfastError } from '../errors/index.js';
import type { RunAddress } from '../records/records.js';
import type { ChildRequest } from '../steps/children.js';
import type { ExecutionPorts } from '../steps/execution.js';
import type { JournalEntry, StepRecord } from '../steps/journal.js';
import type { Mail } from '../steps/mail.js';
import { GRACE_MS } from '../steps/undo.js';
import type { Answer, Beginning, Call, FromStepWorker, Recorded, Status, Told, ToStepWorker, Try } from './messages.js';
import { noService } from './refusals.js';
import type { StepWorker } from './step-worker.js';
import { END_MS, Tries } from './tries.js';

/** A message without its number. */
type Unnumbered<T> = T extends unknown ? Omit<T, 'n'> : never;

/** What happens to a worker, in place of an end of its execution. */
export interface SessionPorts extends Omit<ExecutionPorts, 'steps' | 'transact' | 'valueLength' | 'epoch'> {
  report(error: unknown): void;
  died(error: unknown): void;
  /** The body of a try goes on, though its time is over. */
  overdue(tried: Try): void;
  /** It does not hear that it is cancelled. */
  deaf(): void;
}

const NOTHING: Status = { taken: 0, quiet: false, busy: false, storing: 0 };

/**
 * One step worker, and the execution in it.
 *
 * Owns: the worker, what it was sent and has not taken, the tries under way. Never: the journal.
 * 1. What is known of the execution is as old as the worker's last message. It counts as quiet only where that message
 *    was sent after all that it was sent. That it may be about to move by a deadline of its own harms nothing: no effect
 *    begins, and no result is given, without an answer, and after `stop` and `end` there is none.
 * 2. After `end` nothing of the worker is heard.
 */
export class Session {
  readonly #worker: StepWorker;
  readonly #ports: SessionPorts;
  readonly #tries: Tries;
  readonly #children = new AbortController();
  readonly #unsubscribe: () => void;
  readonly #checkDeterminism: boolean;
  #status = NOTHING;
  #sent = 0;
  #stopped = false;
  #ended = false;
  #checking = false;
  #unwatch: () => void = () => {};
  /** While steps wait for the network. */
  #endWait: (() => void) | undefined;

  constructor(worker: StepWorker, beginning: Beginning, ports: SessionPorts) {
    this.#worker = worker;
    this.#ports = ports;
    this.#checkDeterminism = beginning.checkDeterminism;
    const { clock, connectivity, around, overdue } = ports;
    this.#tries = new Tries({ clock, around, overdue });
    worker.listen({
      message: (message) => this.#take(message),
      died: (error) => this.#ended || ports.died(error),
    });
    const changed = () => {
      if (!this.#endWait || !connectivity.online()) this.#postNetwork();
    };
    this.#unsubscribe = connectivity.watch?.(changed) ?? connectivity.subscribe(changed);
    this.#post({ kind: 'begin', beginning });
  }

  get underWay(): readonly Try[] {
    return this.#tries.underWay;
  }

  get quiet(): boolean {
    return this.#status.quiet && this.#isCurrent;
  }

  get busy(): boolean {
    return this.#status.busy || !this.#isCurrent;
  }

  get storing(): number {
    return this.#status.storing;
  }

  give(mail: Mail): void {
    this.#post({ kind: 'give', mail: encode(mail, 'mail') });
  }

  /** Where it has not heard of that when the time of all bodies under way is over, one of them keeps it from hearing. */
  cancel(): void {
    this.#post({ kind: 'cancel' });
    const n = this.#sent;
    const { clock, deaf } = this.#ports;
    this.#unwatch = clock.at(clock.now() + GRACE_MS + END_MS, () => {
      if (this.#status.taken < n) deaf();
    });
  }

  /** Asks the bodies under way to end, and ends it with the last of them. */
  stop(reason: unknown): void {
    const { clock } = this.#ports;
    this.#stopped = true;
    this.#tries.close();
    this.#unwatch();
    this.#post({ kind: 'stop', reason: encodeError(reason) });
    if (this.#isIdle) this.end(reason);
    else this.#unwatch = clock.at(clock.now() + END_MS, () => this.end(reason));
  }

  end(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#unwatch();
    this.#unsubscribe();
    this.#endWait?.();
    this.#children.abort(reason);
    this.#worker.terminate();
    this.#tries.cutOff(reason);
  }

  get #isCurrent(): boolean {
    return this.#status.taken === this.#sent;
  }

  get #isIdle(): boolean {
    return this.#tries.underWay.length === 0 && !this.#checking;
  }

  #post(message: Unnumbered<ToStepWorker>): void {
    if (!this.#ended) this.#worker.post({ ...message, n: ++this.#sent } as ToStepWorker);
  }

  #take({ status, told }: FromStepWorker): void {
    if (this.#ended) return;
    this.#status = status;
    for (const one of told) this.#hear(one);
    if (this.#stopped && this.#isIdle) this.end(undefined);
    if (this.quiet || !this.busy) this.#ports.calmed();
  }

  #hear(told: Told): void {
    if (told.kind === 'call') void this.#answer(told.call, told.what);
    else if (told.kind === 'trouble') this.#ports.report(decodeError(told.error));
    else if (told.kind === 'checked') this.#checked(told.error && decodeError(told.error));
    else if (!this.#stopped) this.#pass(told);
  }

  #checked(error: unknown): void {
    this.#checking = false;
    if (error) this.#ports.report(error);
  }

  #pass(told: Exclude<Told, { kind: 'call' | 'trouble' | 'checked' }>): void {
    const ports = this.#ports;
    if (told.kind === 'progress') ports.progress(told.progress);
    else if (told.kind === 'emit') ports.emit(decode(told.event) as EventObject);
    else if (told.kind === 'offline') this.#waits(told.waits);
    else if (told.kind === 'undone') ports.undone();
    else if (told.kind === 'unfit') ports.unfit(decodeError(told.error) as HoldfastError);
    else {
      this.#checking = this.#checkDeterminism;
      if (told.kind === 'continued') ports.continued(decode(told.input));
      else ports.settled(toOutcome(told.outcome));
    }
  }

  /** Who waits hears of the network's return when it is its turn. */
  #waits(waits: boolean): void {
    const { connectivity } = this.#ports;
    this.#endWait?.();
    this.#endWait = waits ? connectivity.subscribe(() => this.#postNetwork()) : undefined;
    if (waits && connectivity.online()) this.#postNetwork();
  }

  #postNetwork(): void {
    this.#post({ kind: 'online', online: this.#ports.connectivity.online() });
  }

  /** Of one that is stopped only the ends of bodies are of interest. */
  async #answer(call: number, what: Call): Promise<void> {
    if (this.#stopped && what.to !== 'tried') return;
    let answer: Answer;
    try {
      answer = { value: encode(await this.#perform(what), 'answer') };
    } catch (error) {
      answer = { error: encodeError(error) };
    }
    if (!this.#stopped) this.#post({ kind: 'answer', call, answer });
  }

  #perform(what: Call): unknown {
    const ports = this.#ports;
    switch (what.to) {
      case 'begin':
        return ports.begin();
      case 'unpaused':
        return ports.unpaused();
      case 'inboxTaken':
        return ports.inboxTaken();
      case 'check network':
        return ports.connectivity.check?.() ?? ports.connectivity.online();
      case 'check ground':
        return ports.holds();
      case 'record':
        return this.#store(ports.record, what.record);
      case 'heartbeat':
        return this.#store(ports.heartbeat, what.record);
      case 'service':
        return callService(ports.services, what.name, decode(what.args) as unknown[]);
      case 'start child':
        return ports.children.start(decode(what.child) as ChildRequest);
      case 'outcome of child':
        return ports.children.outcome(what.child as RunAddress, this.#children.signal);
      case 'cancel child':
        return ports.children.cancel(what.child, what.callId);
      case 'try':
        return this.#tries.begin(what.tried);
      case 'tried':
        return this.#tries.end(what.id, what.error && { error: decodeError(what.error) });
    }
  }

  async #store(store: (record: StepRecord) => Promise<JournalEntry>, { entry: packed, ...rest }: Recorded) {
    const entry = decode(packed) as JournalEntry;
    const stored = await store({ ...rest, entry });
    return stored.status === entry.status ? { order: stored.order } : { entry: stored };
  }
}

function toOutcome(answer: Answer): Outcome {
  return 'error' in answer ? { error: decodeError(answer.error) } : { output: decode(answer.value) };
}

function callService(services: AnyServices, name: string, args: unknown[]): unknown {
  const service = services[name];
  if (typeof service !== 'function') throw noService(name);
  return service(...args);
}
