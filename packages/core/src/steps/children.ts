import { checkOption, checkOptions, oneOf } from '../define/options.js';
import type { Outcome } from '../engine/index.js';
import { type HoldfastError, isHoldfastError } from '../errors/index.js';
import type { Clock } from '../host/ports.js';
import type { Labels, RunAddress } from '../records/records.js';
import { isFinal, type JournalEntry } from './journal.js';
import type { LateSignal } from './late-signal.js';
import { isName } from './name.js';
import { never } from './never.js';
import { misused, otherKind } from './refusals.js';

/** A run that a step function starts. */
export interface ChildRequest extends RunAddress {
  /** Makes a repeated start harmless. */
  readonly key: string;
  readonly input: unknown;
  readonly labels?: Labels;
}

/** How a step function reaches other runs of its host. */
export interface ChildPorts {
  /**
   * Resolves when it is there.
   * @throws `WORKFLOW_UNKNOWN`, `RUN_EXISTS`, `INPUT_INVALID`, store codes.
   */
  start(child: ChildRequest): Promise<void>;
  /** Resolves with what it came to, once it has ended; rejects with the reason of `signal`. */
  outcome(child: RunAddress, signal: AbortSignal): Promise<Outcome>;
  /** Asks it to end; resolves when that is durable, and when there is nothing to end. */
  cancel(child: RunAddress, callId: string): Promise<void>;
}

/** What children need of the execution that they are part of. */
export interface ChildrenPorts {
  readonly host: ChildPorts;
  readonly clock: Clock;
  /** Of the execution: ends what it waits for. */
  readonly ended: Pick<LateSignal, 'aborted' | 'signal'>;
  /** First part of the keys of its steps. */
  readonly keyPrefix: string;
  /** Of the call that cancels a child. */
  readonly cancelId: (name: string) => string;
  readonly over: () => boolean;
  ask(name: string): JournalEntry | undefined;
  journal(): Iterable<[string, JournalEntry]>;
  handBack<T>(entry: JournalEntry): Promise<T>;
  conclude<T>(entry: JournalEntry): T;
  unfit(error: HoldfastError): Promise<never>;
  record(name: string, entry: JournalEntry): Promise<JournalEntry>;
  recordEnd(name: string, entry: JournalEntry): Promise<JournalEntry>;
  count<T>(as: 'performing' | 'waiting', work: () => Promise<T>): Promise<T>;
  /** Resolves when an effect may begin. */
  begin(): Promise<void> | undefined;
  unpaused(): Promise<void>;
  /** Resolves when the function has got as far as it can. */
  caughtUp(): Promise<void>;
}

interface Asked {
  readonly input?: unknown;
  readonly id?: string;
  readonly detached?: boolean;
  readonly labels?: Labels;
}

/**
 * The runs that one execution of a step function starts.
 *
 * Owns: nothing; where they stand is in their own records. Never: their code.
 * 1. That it has a child to wait for is stored before the child is there: a cancellation finds all of them.
 * 2. Starting one again, after a crash, finds the one that is there.
 */
export class Children {
  readonly #ports: ChildrenPorts;

  constructor(ports: ChildrenPorts) {
    this.#ports = ports;
  }

  async start(name: string, workflow: { readonly id: string }, options: Asked = {}): Promise<unknown> {
    const { ask, handBack, unfit, over, conclude, count } = this.#ports;
    if (this.#ports.ended.aborted) return never();
    const entry = ask(name);
    if (entry && entry.kind !== 'child') return unfit(otherKind(name, 'child', entry.kind));
    const child = this.#check(name, workflow, options);
    if (entry && isFinal(entry)) return handBack(entry);
    if (over()) return never();
    const startedAt = entry?.startedAt ?? this.#ports.clock.now();
    if (!entry && !options.detached) await count('performing', () => this.#recordBegin(name, child, startedAt));
    const ended = options.detached ? await this.#detach(child) : await this.#await(child);
    // It may be about to end without it: then it was ended for that, and its end is nobody's.
    await this.#ports.caughtUp();
    await this.#ports.unpaused();
    if (over()) return never();
    const base = { kind: 'child', attempts: 0, startedAt, endedAt: this.#ports.clock.now() } as const;
    const end =
      'error' in ended
        ? ({ ...base, status: 'failed', error: ended.error } as const)
        : ({ ...base, status: 'completed', output: ended.output } as const);
    const stored = await count('performing', () => this.#ports.recordEnd(name, end));
    return this.#ports.ended.aborted ? never() : conclude(stored);
  }

  /** Asks all that have not ended to end, and waits until they have. */
  async cancelAll(): Promise<void> {
    const { host, ended } = this.#ports;
    await Promise.all(
      this.#open().map(async ([name, child]) => {
        await host.cancel(child, this.#ports.cancelId(name));
        await host.outcome(child, ended.signal).catch(() => {});
      }),
    );
  }

  #open(): [string, RunAddress][] {
    const open = [...this.#ports.journal()];
    return open.flatMap(([name, { status, child }]) => (child && status === 'waiting' ? [[name, child]] : []));
  }

  #check(name: string, workflow: { readonly id: string }, options: Asked): ChildRequest {
    const { keyPrefix } = this.#ports;
    const owner = `child "${name}"`;
    checkOption(workflow, ['a workflow', ({ id }) => typeof id === 'string'], 'workflow', owner);
    checkOptions(options, owner, { input: null, id: null, detached: oneOf(true, false), labels: null });
    const key = `${keyPrefix}/${encodeURIComponent(name)}`;
    const { id = key, input, labels } = options;
    if (!isName(id)) throw misused(`The id of child "${name}" is no string of whole characters, or empty.`);
    return { workflow: workflow.id, run: id, key, input, ...(labels === undefined ? {} : { labels }) };
  }

  #recordBegin(name: string, { workflow, run }: ChildRequest, startedAt: number): Promise<JournalEntry> {
    const base = { kind: 'child', attempts: 0, startedAt, endedAt: startedAt } as const;
    return this.#ports.record(name, { ...base, status: 'waiting', child: { workflow, run } });
  }

  async #detach(child: ChildRequest): Promise<Outcome> {
    const refused = await this.#begin(child);
    return refused ?? { output: { workflow: child.workflow, run: child.run } };
  }

  async #await(child: ChildRequest): Promise<Outcome> {
    const refused = await this.#begin(child);
    if (refused) return refused;
    return this.#ports.count('waiting', () =>
      this.#ports.host.outcome(child, this.#ports.ended.signal).catch(() => never()),
    );
  }

  /** What refuses it by its nature is how it ends; trouble of the store is that of the run. */
  #begin(child: ChildRequest): Promise<Outcome | undefined> {
    return this.#ports.count('performing', async () => {
      await this.#ports.begin();
      try {
        await this.#ports.host.start(child);
        return undefined;
      } catch (error) {
        if (isHoldfastError(error) && !error.retryable && !error.code.startsWith('STORE_')) return { error };
        return this.#ports.unfit(error as HoldfastError);
      }
    });
  }
}
