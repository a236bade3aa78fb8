import type { Schedule } from '../define/schedule.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { createHost, type Host } from '../host/host.js';
import type { Connectivity } from '../host/ports.js';
import type { RunRow } from '../records/records.js';
import { worksAhead } from '../steps/turn.js';
import { createMemoryDatabase, createMemoryStore, type MemoryDatabase } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { ManualClock } from './manual-clock.js';

/** Where a host dies: at its nth write, just before or just after it took place. */
export interface CrashPoint {
  readonly write: number;
  readonly when: 'before' | 'after';
}

/** One effect that really happened. */
export interface LedgerLine {
  readonly name: string;
  readonly key: string;
  readonly phase: 'begin' | 'end';
}

/** A host that can be killed as a power cut would: nothing it does afterwards has an effect. */
export interface MortalHost {
  readonly host: Host;
  readonly dead: boolean;
  /** Writes so far. */
  readonly writes: number;
  kill(): Promise<void>;
}

/**
 * A database, a clock and a ledger that outlive the hosts working with them.
 */
export class CrashWorld {
  readonly database: MemoryDatabase = createMemoryDatabase();
  readonly clock = new ManualClock();
  readonly ledger: LedgerLine[] = [];
  readonly errors: unknown[] = [];
  readonly #workflows: readonly AnyWorkflow[];
  #newest: MortalHost | undefined;

  constructor(workflows: readonly AnyWorkflow[]) {
    this.#workflows = workflows;
  }

  boot(
    options: {
      crash?: CrashPoint;
      connectivity?: Connectivity;
      workflows?: readonly AnyWorkflow[];
      schedules?: readonly Schedule[];
      evictAfterMs?: number;
      crashLoopLimit?: number;
    } = {},
  ): MortalHost {
    const {
      schedules = [],
      crash,
      connectivity,
      workflows = this.#workflows,
      evictAfterMs = 5000,
      crashLoopLimit,
    } = options;
    const inner = createMemoryStore({ database: this.database });
    const mortal = { host: undefined as unknown as Host, dead: false, writes: 0, kill: () => die() };
    const die = async () => {
      mortal.dead = true;
      await inner.close();
    };
    const store = mortalStore(inner, mortal, crash, die);
    const services = {
      /** Does an effect: writes it down, if the host still lives. */
      effect: (name: string, key: string, phase: 'begin' | 'end' = 'end') => {
        if (mortal.dead) return new Promise(() => {});
        this.ledger.push({ name, key, phase });
        return undefined;
      },
      /** Takes the host down from within. */
      fall: () => {
        void die();
        return new Promise(() => {});
      },
      /** Work that takes so long. */
      work: (ms: number) => new Promise<void>((done) => this.clock.at(this.clock.now() + ms, done)),
    };
    const onError = (error: unknown) => {
      if (!mortal.dead) this.errors.push(error);
    };
    mortal.host = createHost({
      store,
      workflows,
      schedules,
      clock: this.clock,
      services,
      onError,
      evictAfterMs,
      ...(connectivity ? { connectivity } : {}),
      ...(crashLoopLimit === undefined ? {} : { crashLoopLimit }),
    });
    mortal.host.open();
    this.#newest = mortal;
    return mortal;
  }

  /** Takes the newest host down, from the code of a workflow that is given no services. */
  fall(): void {
    void this.#newest?.kill();
  }

  /** Boots a host after each crash, until `done`, and closes the last; returns how many have died. */
  async survive(done: () => boolean, options: Parameters<CrashWorld['boot']>[0] = {}): Promise<number> {
    for (let deaths = 0; deaths < 100; deaths++) {
      const mortal = this.boot(options);
      await this.pass(() => mortal.dead || done());
      if (mortal.dead) continue;
      await mortal.host.close();
      return deaths;
    }
    throw new Error('The hosts go on dying.');
  }

  head(workflow: string, run: string): RunRow | undefined {
    return this.database.tables.head({ workflow, run });
  }

  /** Lets everything happen that can without time passing. */
  async settle(): Promise<void> {
    for (let quiet = 0, seen = ''; quiet < 4; ) {
      await new Promise((resolve) => setTimeout(resolve));
      const now = JSON.stringify([this.ledger.length, this.database.tables.list().rows]);
      quiet = now === seen && worksAhead() === 0 ? quiet + 1 : 0;
      seen = now;
    }
  }

  /** Lets time pass, from deadline to deadline, until `done`, or until nothing more is due within a year. */
  async pass(done: () => boolean): Promise<void> {
    for (let i = 0; i < 10_000; i++) {
      await this.settle();
      if (done()) return;
      const { nextAt } = this.clock;
      if (nextAt === undefined) throw new Error('Nothing is due any more, and it is not done.');
      this.clock.advance(Math.max(nextAt - this.clock.now(), 0));
    }
    throw new Error('It never ends.');
  }
}

/** Ends of effects, by name, in order. */
export function ends(ledger: readonly LedgerLine[]): string[] {
  return ledger.filter(({ phase }) => phase === 'end').map(({ name }) => name);
}

function mortalStore(
  inner: Store,
  life: { dead: boolean; writes: number },
  crash: CrashPoint | undefined,
  die: () => Promise<void>,
): Store {
  const forever = () => new Promise<never>(() => {});
  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    if (life.dead) return forever();
    const n = ++life.writes;
    if (crash?.write === n && crash.when === 'before') {
      await die();
      return forever();
    }
    const result = await work();
    if (crash?.write === n && crash.when === 'after') {
      await die();
      return forever();
    }
    return life.dead ? forever() : result;
  };
  const read = async <T>(work: () => Promise<T>): Promise<T> => (life.dead ? forever() : work());
  return {
    ...inner,
    commit: (checkpoint) => write(() => inner.commit(checkpoint)),
    accept: (acceptance) => write(() => inner.accept(acceptance)),
    load: (address) => read(() => inner.load(address)),
    inbox: (address) => read(() => inner.inbox(address)),
    list: (query) => read(() => inner.list(query)),
  };
}
