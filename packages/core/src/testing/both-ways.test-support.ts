import { type Actor, type AnyActorLogic, createActor } from 'xstate';
import { createClient, type Holdfast } from '../client/holdfast.js';
import { linkLocally } from '../client/local-link.js';
import type { Run } from '../client/run.js';
import { type RunSnapshot, type RunSnapshotData, toSnapshot, UNKNOWN } from '../client/snapshot.js';
import { decode, encode } from '../codec/index.js';
import { Decider } from '../decide/decider.js';
import { toMs } from '../define/duration.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { actorRefReducers } from '../engine/index.js';
import { createHost } from '../host/host.js';
import { toData } from '../host/seen.js';
import { inATurn } from '../steps/turn.js';
import { createMemoryDatabase, createMemoryStore, type MemoryDatabase } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import type { Ending, Entry } from './corpus/entry.test-support.js';
import { clearMarks, readMarks } from './corpus/marks.test-support.js';
import { ManualClock } from './manual-clock.js';
import type { Scenario, ScenarioEvent } from './scenario.js';
import { settle } from './settle.js';

/** Most deadlines that one run may take. */
const MOST_DEADLINES = 5000;

/** Most hosts that one run may take. */
const MOST_HOSTS = 1000;

/** A run as a scenario leads it, whatever executes it. */
interface Led {
  readonly clock: ManualClock;
  snapshot(): RunSnapshot;
  send(event: never): Promise<void>;
  /** Resolves when nothing can happen any more without time passing. */
  rest(): Promise<void>;
}

/** Runs an entry under XState's plain `createActor`. */
export async function runPlainly({ workflow, scenario }: Entry): Promise<Ending> {
  clearMarks();
  const clock = new ManualClock();
  const emitted: unknown[] = [];
  const logged: unknown[] = [];
  const logger = (...args: unknown[]) => logged.push(seen(args));
  const actorClock = toActorClock(clock);
  const options = { input: scenario.input, clock: actorClock, logger };
  const actor: Actor<AnyActorLogic> = createActor(workflow.logic, options as never);
  actor.on('*', (event) => emitted.push(seen(event)));
  actor.subscribe({ error() {} });
  actor.start();
  const led: Led = {
    clock,
    snapshot: () => plainSnapshot(actor),
    send: async (event) => actor.send(event),
    rest: () => stillness(() => [readMarks(), { ...led.snapshot() }, actorClock.due.length]),
  };
  await lead(led, scenario);
  return { ...toEnding(led.snapshot()), marks: readMarks(), emitted, logged };
}

/** When the host is closed, in the middle of what it does, and a new one opened. */
export type Anew = 'never' | 'at rest' | 'after each commit';

/** Runs an entry durably, in a host over the memory store. */
export async function runDurably({ workflow, scenario }: Entry, { anew = 'never' as Anew } = {}): Promise<Ending> {
  clearMarks();
  const emitted: unknown[] = [];
  const logged: unknown[] = [];
  const hosts = new Hosts(workflow, anew, (event) => emitted.push(seen(event)));
  let snapshot = toSnapshot(UNKNOWN);
  const led: Led = {
    clock: hosts.clock,
    snapshot: () => snapshot,
    send: (event) => hosts.run.send(event),
    async rest() {
      await hosts.rest(emitted);
      snapshot = await storedSnapshot(workflow, hosts.database);
    },
  };
  const { log } = console;
  console.log = (...args) => void logged.push(seen(args));
  try {
    await hosts.start(scenario.input);
    await lead(led, scenario);
  } finally {
    console.log = log;
    await hosts.close();
  }
  if (hosts.errors.length > 0) throw hosts.errors[0];
  return { ...toEnding(led.snapshot()), marks: readMarks(), emitted, logged };
}

/** Hosts, one after the other, over one database. */
class Hosts {
  readonly clock = new ManualClock();
  readonly database = createMemoryDatabase();
  readonly errors: unknown[] = [];
  readonly #workflow: AnyWorkflow;
  readonly #anew: Anew;
  readonly #onEmitted: (event: unknown) => void;
  #holdfast: Holdfast;
  #opened = 0;

  constructor(workflow: AnyWorkflow, anew: Anew, onEmitted: (event: unknown) => void) {
    this.#workflow = workflow;
    this.#anew = anew;
    this.#onEmitted = onEmitted;
    this.#holdfast = this.#open();
  }

  get run(): Run {
    return this.#holdfast.run(this.#workflow.id, 'run');
  }

  async start(input: unknown): Promise<void> {
    await this.#holdfast.start(this.#workflow.id, { id: 'run', input });
  }

  async rest(emitted: readonly unknown[]): Promise<void> {
    const still = () => stillness(() => [readMarks(), emitted, this.database.tables.list().rows]);
    await still();
    if (this.#anew === 'never') return;
    await this.close();
    this.#holdfast = this.#open();
    await still();
  }

  close(): Promise<void> {
    return this.#holdfast.close();
  }

  #open(): Holdfast {
    const { clock, database } = this;
    const inner = createMemoryStore({ database });
    const commit: Store['commit'] = async (checkpoint) => {
      await inner.commit(checkpoint);
      // Progress is no step forward: it would be told again, and again.
      if (this.#anew !== 'after each commit' || checkpoint.durability === 'relaxed') return;
      if (++this.#opened > MOST_HOSTS) throw new Error('It never ends.');
      const before = this.#holdfast;
      this.#holdfast = this.#open();
      await before.close();
      return new Promise(() => {});
    };
    const onError = (error: unknown) => this.errors.push(error);
    const host = createHost({ store: { ...inner, commit }, workflows: [this.#workflow], clock, onError });
    host.open();
    const holdfast = createClient(linkLocally(host)) as Holdfast;
    holdfast.run(this.#workflow.id, 'run').on('*', this.#onEmitted);
    return holdfast;
  }
}

/** Sends the events and lets time pass, as the scenario says. */
async function lead(led: Led, scenario: Scenario): Promise<void> {
  await led.rest();
  for (const event of scenario.events ?? []) {
    const { send, when, after } = toTold(event);
    if (after !== undefined) await pass(led, led.clock.now() + toMs(after, 'after'));
    if (when) await passUntil(led, () => when(led.snapshot()), 'An event waits for what never holds.');
    await led.send(send as never);
    await led.rest();
  }
  const { until } = scenario;
  if (until) await passUntil(led, () => isClosed(led) || until(led.snapshot()), '`until` never holds.');
  else await passUntil(led, () => isClosed(led));
}

function toTold(event: ScenarioEvent): Extract<ScenarioEvent, { send: unknown }> {
  return 'send' in event && typeof event.send === 'object' ? event : { send: event as never };
}

/** Lets time pass to that instant; what comes due in it happens at its own. */
async function pass({ clock, rest }: Led, end: number): Promise<void> {
  for (let next = clock.nextAt; next !== undefined && next <= end; next = clock.nextAt) {
    clock.advance(Math.max(next - clock.now(), 0));
    await rest();
  }
  clock.advance(end - clock.now());
  await rest();
}

/** Lets time pass, from deadline to deadline, until `done`, or until nothing is due any more. */
async function passUntil({ clock, rest }: Led, done: () => boolean, otherwise?: string): Promise<void> {
  for (let i = 0; i < MOST_DEADLINES; i++) {
    if (done()) return;
    const next = clock.nextAt;
    if (next === undefined) {
      if (otherwise !== undefined) throw new Error(otherwise);
      return;
    }
    clock.advance(Math.max(next - clock.now(), 0));
    await rest();
  }
  throw new Error('It never ends.');
}

function isClosed(led: Led): boolean {
  return led.snapshot().status !== 'active';
}

/** Lets turns of the event loop pass until what `look` sees has not changed for a while. */
function stillness(look: () => unknown): Promise<void> {
  let activity = 0;
  let last = '';
  const busy = () => {
    const now = encode(look(), 'what is seen', actorRefReducers).text;
    if (now !== last) activity++;
    last = now;
    return { activity, underWay: { size: 0 } };
  };
  return settle(busy, 0);
}

function plainSnapshot(actor: Actor<AnyActorLogic>): RunSnapshot {
  const { value, context, status, tags = [], output, error } = actor.getSnapshot();
  const data = seen({ value, context, tags: [...tags], output, error }) as Partial<RunSnapshot>;
  return toSnapshot({ ...UNKNOWN, ...data, status });
}

/** The run as its last checkpoint left it: a handle would hear of it a frame later. */
async function storedSnapshot(workflow: AnyWorkflow, database: MemoryDatabase): Promise<RunSnapshot> {
  const stored = await createMemoryStore({ database }).load({ workflow: workflow.id, run: 'run' });
  if (!stored) throw new Error('There is no such run.');
  const decider = new Decider(workflow, stored, () => {});
  return toSnapshot(seen(toData(stored.row, decider.view())) as RunSnapshotData);
}

/** A value as it is seen from a page: references to actors are their ids, of which XState counts some per process. */
function seen(value: unknown): unknown {
  const revivers = {
    ActorRef: ({ id }: { id: string }) => ({ id: id.replace(/^x:\d+$/, 'automatic') }),
    MachineSnapshot: (data: never) => data,
  };
  return decode(encode(value, 'what is seen', actorRefReducers), revivers);
}

function toEnding({
  status,
  value,
  context,
  tags,
  output,
  error,
}: RunSnapshot): Omit<Ending, 'marks' | 'emitted' | 'logged'> {
  const message = error === undefined ? undefined : error instanceof Error ? error.message : String(error);
  return { status: status as Ending['status'], value, context, tags: [...tags].sort(), output, error: message };
}

/** The `clock` of plain actors. As in Node, promises settle between two timers, and one may cancel the next. */
function toActorClock(clock: ManualClock) {
  const due: { wake: () => void; live: boolean }[] = [];
  const fire = () => {
    const timer = due.find(({ live }) => live);
    due.splice(0, timer ? due.indexOf(timer) + 1 : due.length);
    timer?.wake();
    if (due.length > 0) inATurn(fire);
  };
  return {
    due,
    now: () => clock.now(),
    setTimeout(wake: () => void, ms: number) {
      const timer = { wake, live: true };
      clock.at(clock.now() + ms, () => {
        if (due.push(timer) === 1) inATurn(fire);
      });
      return timer;
    },
    clearTimeout(timer: { live: boolean } | undefined) {
      if (timer) timer.live = false;
    },
  };
}
