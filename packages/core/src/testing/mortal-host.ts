import type { AnyServices } from '../define/steps-logic.js';
import { createHost, type Host } from '../host/host.js';
import type { HostOptions } from '../host/options.js';
import type { Clock, Effect } from '../host/ports.js';
import { createMemoryStore, type MemoryDatabase } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { createInProcessStepWorker } from './in-process-step-worker.js';

/** Where a host dies: at the nth of its moments, just before or just after it. */
export interface CrashPoint {
  readonly moment: number;
  readonly when: 'before' | 'after';
}

type Transact = NonNullable<Store['transact']>;

/** A store write or an effect, in the words of a report. */
export type Moment = string;

export interface MortalHostOptions
  extends Pick<HostOptions, 'workflows' | 'schedules' | 'connectivity' | 'steps' | 'evictAfterMs' | 'crashLoopLimit'> {
  readonly database: MemoryDatabase;
  readonly clock: Clock;
  readonly services?: AnyServices;
  readonly crash?: CrashPoint | undefined;
  /** Told of each effect that is about to be performed. */
  readonly performed?: (effect: Effect) => void;
  readonly onError?: HostOptions['onError'];
}

/**
 * A host over a memory database that can be killed as a power cut would.
 *
 * Owns: a host, and the count of its moments. Never: the database and the clock, which outlive it.
 * 1. After its death nothing it does has an effect: its store, its clock and the services never answer, its effects are
 *    not performed. The body of a step already under way goes on, as that of a frozen tab may.
 * 2. `activity` rises with all that happens in it: while it stands still, the host waits.
 */
export class MortalHost {
  readonly host: Host;
  readonly moments: Moment[] = [];
  readonly underWay = new Set<Effect>();
  activity = 0;
  #dead = false;
  readonly #options: MortalHostOptions;
  readonly #store: Store;
  readonly #waits = new Set<() => void>();

  constructor(options: MortalHostOptions) {
    this.#options = options;
    const { database, workflows, connectivity, steps, onError = () => {}, services = {} } = options;
    const { evictAfterMs, crashLoopLimit, schedules = [] } = options;
    this.#store = createMemoryStore({ database });
    const clock = this.#mortalClock();
    this.host = createHost({
      store: this.#mortalStore(),
      workflows,
      schedules,
      clock,
      stepWorker: () => createInProcessStepWorker({ workflows, clock, ...(steps ? { steps } : {}) }),
      services: this.#mortalServices(services),
      around: (effect, perform) => this.#perform(effect, perform),
      onError: (error, address) => this.#dead || onError(error, address),
      frameMs: 0,
      ...(connectivity ? { connectivity } : {}),
      ...(steps ? { steps } : {}),
      ...(evictAfterMs === undefined ? {} : { evictAfterMs }),
      ...(crashLoopLimit === undefined ? {} : { crashLoopLimit }),
    });
    this.host.open();
  }

  get dead(): boolean {
    return this.#dead;
  }

  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    for (const cancel of [...this.#waits]) cancel();
    void this.#store.close();
  }

  /** Counts a moment; true when it is the one to die at. */
  #begin(what: Moment): { n: number; dies: boolean } {
    this.activity++;
    const n = this.moments.push(what);
    return { n, dies: this.#dies(n, 'before') };
  }

  #dies(n: number, when: CrashPoint['when']): boolean {
    const { crash } = this.#options;
    if (crash?.moment === n && crash.when === when) this.kill();
    return this.#dead;
  }

  #perform<T>(effect: Effect, perform: () => T): T {
    if (this.#dead) return forever() as T;
    const { n, dies } = this.#begin(`${effect.kind} ${effect.name || 'run'}`);
    if (dies) return forever() as T;
    this.#options.performed?.(effect);
    if (effect.kind === 'step' || effect.kind === 'actor') return this.#performLong(effect, perform, n) as T;
    try {
      return perform();
    } finally {
      this.#dies(n, 'after');
    }
  }

  async #performLong(effect: Effect, perform: () => unknown, n: number): Promise<unknown> {
    this.underWay.add(effect);
    const end = () => {
      this.underWay.delete(effect);
      this.activity++;
      return this.#dies(n, 'after');
    };
    try {
      const result = await perform();
      return end() ? forever() : result;
    } catch (error) {
      if (end()) return forever();
      throw error;
    }
  }

  #mortalStore(): Store {
    const inner = this.#store;
    const write = async <T>(what: Moment, work: () => Promise<T>): Promise<T> => {
      if (this.#dead) return forever();
      const { n, dies } = this.#begin(what);
      if (dies) return forever();
      const result = await work();
      return this.#dies(n, 'after') ? forever() : result;
    };
    const read =
      <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        if (this.#dead) return forever();
        this.activity++;
        const result = await work(...args);
        return this.#dead ? forever() : result;
      };
    return {
      ...inner,
      commit: (checkpoint) => write(`commit after ${checkpoint.after}`, () => inner.commit(checkpoint)),
      ...(inner.transact && { transact: this.#mortalTransact(inner.transact, write) }),
      accept: (acceptance) => write(`accept ${acceptance.kind}`, () => inner.accept(acceptance)),
      acquire: read(inner.acquire),
      load: read(inner.load),
      head: read(inner.head),
      inbox: read(inner.inbox),
      list: read(inner.list),
      ...(inner.due && { due: read(inner.due) }),
      history: read(inner.history),
    };
  }

  /** What dies while the app's function is under way leaves nothing. */
  #mortalTransact(inner: Transact, write: (what: Moment, work: () => Promise<void>) => Promise<void>): Transact {
    return (claim, perform, conclude) => {
      const alive = (result: unknown) => (this.#dead ? forever() : result);
      const performed: typeof perform = (open) => perform(open).then(alive);
      return write(`transact after ${claim.after}`, () => inner(claim, performed, conclude));
    };
  }

  /** Its waits end with the host: else a dead one's would be taken for something that is due. */
  #mortalClock(): Clock {
    const { clock } = this.#options;
    return {
      now: () => clock.now(),
      at: (at, wake) => {
        if (this.#dead) return () => {};
        const cancelWait = clock.at(at, () => {
          this.#waits.delete(cancel);
          this.activity++;
          wake();
        });
        const cancel = () => {
          this.#waits.delete(cancel);
          cancelWait();
        };
        this.#waits.add(cancel);
        return cancel;
      },
    };
  }

  #mortalServices(services: AnyServices): AnyServices {
    const mortal = ([name, service]: [string, AnyServices[string]]) => {
      const call = (...args: never[]) => {
        if (this.#dead) return forever();
        const result = service(...args);
        if (!isPromise(result)) return result;
        return result.then((value) => (this.#dead ? forever() : value));
      };
      return [name, call] as const;
    };
    return Object.fromEntries(Object.entries(services).map(mortal));
  }
}

function forever<T>(): Promise<T> {
  return new Promise(() => {});
}

function isPromise(thing: unknown): thing is Promise<unknown> {
  return typeof (thing as Promise<unknown> | undefined)?.then === 'function';
}
