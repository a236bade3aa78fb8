import fc from 'fast-check';
import {
  type AnyActorLogic,
  type AnyActorRef,
  type AnyStateMachine,
  assign,
  cancel,
  createMachine,
  emit,
  enqueueActions,
  fromPromise,
  fromTransition,
  raise,
  sendParent,
  setup,
} from 'xstate';
import { fromSteps } from '../define/from-steps.js';
import { type Entry, entry } from './corpus/entry.test-support.js';
import { mark, note } from './corpus/marks.test-support.js';

/** Transitions that a generated machine may take: it ends, whatever it does. */
const FUEL = 20;

type Event = 'E0' | 'E1' | 'E2' | 'R0' | 'R1' | 'D0' | 'D1' | 'C0' | '*';
type Child = 'resolves' | 'rejects' | 'works' | 'ticks' | 'echoes' | 'nests' | 'reduces' | 'ends';

type Action =
  | { readonly do: 'mark' | 'emit' }
  | { readonly do: 'add'; readonly by: number }
  | { readonly do: 'raise'; readonly event: Event }
  | { readonly do: 'later' | 'cancel'; readonly timer: 0 | 1 }
  | { readonly do: 'tell' | 'stop' | 'spawn'; readonly child: number; readonly kind: Child };

interface Transition {
  readonly event: Event;
  readonly target: number | undefined;
  readonly reenter: boolean;
  readonly guard: 'even' | 'small' | undefined;
  readonly actions: readonly Action[];
}

interface State {
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'shallow' | 'deep';
  readonly entry: readonly Action[];
  readonly exit: readonly Action[];
  readonly on: readonly Transition[];
  readonly after: Transition | undefined;
  readonly always: Transition | undefined;
  readonly done: Transition | undefined;
  readonly invoke: { readonly src: Child; readonly done: Transition; readonly error: Transition } | undefined;
  readonly states: readonly State[];
}

const child = fc.constantFrom<Child[]>('resolves', 'rejects', 'works', 'ticks', 'echoes', 'nests', 'reduces', 'ends');
const timer = fc.constantFrom<(0 | 1)[]>(0, 1);
const event = fc.constantFrom<Event[]>('E0', 'E1', 'E2', 'R0', 'R1', 'D0', 'D1', 'C0', '*');
const perhaps = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.constant({ do: 'mark' } as const),
  fc.record({ do: fc.constant('add' as const), by: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('raise' as const), event: fc.constantFrom<Event[]>('R0', 'R1') }),
  fc.record({ do: fc.constantFrom('later' as const, 'cancel' as const), timer }),
  fc.record({
    do: fc.constantFrom('tell' as const, 'tell' as const, 'spawn' as const, 'stop' as const),
    child: fc.nat({ max: 3 }),
    kind: child,
  }),
  fc.constant({ do: 'emit' } as const),
);
const actions = fc.array(action, { maxLength: 3 });

const transition: fc.Arbitrary<Transition> = fc.record({
  event,
  target: fc.option(fc.nat({ max: 20 }), { nil: undefined, freq: 4 }),
  reenter: fc.boolean(),
  guard: fc.constantFrom(undefined, undefined, 'even' as const, 'small' as const),
  actions,
});

function state(depth: number): fc.Arbitrary<State> {
  const kinds: State['kind'][] = ['atomic', 'atomic', 'final', 'shallow', 'deep'];
  const inner: State['kind'][] = ['compound', 'compound', 'compound', 'parallel'];
  return fc.record({
    kind: fc.constantFrom<State['kind']>(...(depth > 0 ? [...inner, ...kinds] : kinds)),
    entry: actions,
    exit: actions,
    on: fc.array(transition, { maxLength: 3 }),
    after: perhaps(transition),
    always: perhaps(transition),
    done: perhaps(transition),
    invoke: perhaps(fc.record({ src: child, done: transition, error: transition })),
    states: depth > 0 ? fc.array(state(depth - 1), { minLength: 2, maxLength: 3 }) : fc.constant([]),
  });
}

const step = fc.record({
  send: fc.record({ type: fc.constantFrom('E0', 'E1', 'E2') }),
  after: fc.constantFrom(undefined, undefined, 137_111, 611_953),
});

/** An entry as those of the corpus, of a random machine and random events. */
export const generated: fc.Arbitrary<Entry> = fc
  .record({
    root: state(2).map((root): State => ({ ...root, kind: root.kind === 'parallel' ? 'parallel' : 'compound' })),
    events: fc.array(step, { maxLength: 6 }),
  })
  .map((spec) => {
    const events = spec.events.map(({ send, after }) => (after === undefined ? { send } : { send, after }));
    const made = entry('generated', new Builder(spec.root).machine, { events: events as never });
    return Object.assign(made, { [fc.toStringMethod]: () => JSON.stringify(spec, undefined, 1) });
  });

/** Makes a machine of its description. */
class Builder {
  readonly machine: AnyStateMachine;
  #delays = 0;
  #marks = 0;
  #states = 0;
  /** The states below the root, by number. */
  readonly #numbered: readonly Numbered[];
  /** The state that is being made, and those around it. */
  readonly #around: string[] = [];

  constructor(root: State) {
    this.#numbered = numbered(root);
    const config = this.#state(root, 'root', 'root');
    this.machine = createMachine({ ...config, context: { fuel: FUEL, a: 0 } } as never).provide({ actors } as never);
  }

  #state(state: State, id: string, place: Place): object {
    this.#around.unshift(id);
    const made = this.#config(state, id, place);
    this.#around.shift();
    return made;
  }

  #config(state: State, id: string, place: Place): object {
    const kind = kindAt(state, place);
    if (kind === 'shallow' || kind === 'deep') return { id, type: 'history', history: kind };
    const entry = this.#actions(state.entry);
    const exit = this.#actions(state.exit);
    if (kind === 'final') return { id, type: 'final', entry, exit, output: id };
    const { on, after, always, done, invoke } = state;
    return {
      id,
      entry,
      exit,
      ...(kind === 'parallel' ? { type: 'parallel' } : {}),
      on: this.#on(on),
      ...(after ? { after: { [this.#delay()]: this.#transition(after) } } : {}),
      ...(always ? { always: this.#always(always) } : {}),
      ...(done && kind !== 'atomic' && place !== 'root' ? { onDone: this.#transition(done) } : {}),
      ...(invoke ? { invoke: this.#invoke(invoke, id) } : {}),
      ...(kind === 'atomic' ? {} : this.#inner(state, kind)),
    };
  }

  #inner({ states }: State, kind: 'compound' | 'parallel'): object {
    const named = states.map((inner, index) => {
      const id = `s${this.#states++}`;
      return [id, this.#state(inner, id, placeIn(kind, index))] as const;
    });
    return { ...(kind === 'compound' ? { initial: named[0]?.[0] } : {}), states: Object.fromEntries(named) };
  }

  #on(transitions: readonly Transition[]): object {
    const on: Record<string, object[]> = {};
    for (const transition of transitions) {
      on[transition.event] ??= [];
      on[transition.event]?.push(this.#transition(transition));
    }
    return on;
  }

  #invoke({ src, done, error }: NonNullable<State['invoke']>, id: string): object {
    return {
      src,
      id: `child of ${id}`,
      input: { delay: this.#delay() },
      onDone: this.#transition(done),
      onError: [this.#transition(error), { actions: this.#mark() }],
    };
  }

  #transition({ target, reenter, guard, actions }: Transition): object {
    return {
      ...(target === undefined ? {} : this.#target(target % this.#numbered.length, reenter)),
      guard: ({ context: { fuel, a } }: { context: { fuel: number; a: number } }) =>
        fuel > 0 && (guard === undefined || (guard === 'even' ? a % 2 === 0 : a < 5)),
      actions: [
        assign({ fuel: ({ context }: { context: { fuel: number } }) => context.fuel - 1 }),
        this.#mark(),
        ...this.#actions(actions),
      ],
    };
  }

  /**
   * One to a history state may enter states anew that were not exited, and XState has two actors of one id then: its
   * source without `reenter`, and in any case what lies between the source and the state whose history it is.
   */
  #target(number: number, reenter: boolean): object {
    const { kind, parent } = this.#numbered[number] as Numbered;
    if (kind !== 'shallow' && kind !== 'deep') return { target: `#s${number}`, reenter };
    const between = this.#around.indexOf(parent) > 1;
    return { target: between ? `#${parent}` : `#s${number}`, reenter: true };
  }

  /** Seldom, or it would use up all fuel at once. */
  #always(transition: Transition): object {
    const guard = ({ context: { fuel, a } }: { context: { fuel: number; a: number } }) => fuel > 0 && a % 3 === 2;
    return { ...this.#transition({ ...transition, actions: [{ do: 'add', by: 1 }, ...transition.actions] }), guard };
  }

  #actions(actions: readonly Action[]): unknown[] {
    return actions.flatMap((action) => this.#action(action));
  }

  #action(action: Action): unknown[] {
    switch (action.do) {
      case 'mark':
        return [this.#mark()];
      case 'emit':
        return [emit(({ context }: { context: { a: number } }) => ({ type: 'NEWS', a: context.a }))];
      case 'add':
        return [assign({ a: ({ context }: { context: { a: number } }) => context.a + action.by })];
      case 'raise':
        return [raise({ type: action.event })];
      case 'cancel':
        return [cancel(`timer ${action.timer}`)];
      case 'later': {
        // XState would send both of one id.
        const id = `timer ${action.timer}`;
        return [cancel(id), raise({ type: `D${action.timer}` }, { id, delay: this.#delay() })];
      }
      default:
        return [this.#toChild(action)];
    }
  }

  #toChild(action: Extract<Action, { kind: Child }>): unknown {
    const delay = this.#delay();
    const [invoked, spawned] = [`child of s${action.child}`, `spawned ${action.child}`];
    return enqueueActions(({ self, enqueue }) => {
      const children = childrenOf(self);
      if (action.do === 'tell') {
        for (const id of [invoked, spawned]) if (children[id]) enqueue.sendTo(id, { type: 'PING' });
      } else {
        enqueue.stopChild(spawned);
        if (action.do === 'spawn')
          enqueue.spawnChild(
            (action.kind === 'rejects' ? 'resolves' : action.kind) as never,
            { id: spawned, input: { delay } } as never,
          );
      }
    });
  }

  #mark() {
    return mark(`mark ${this.#marks++}`, ({ context }) => context.a);
  }

  /** No two are the same, nor are two sums, as good as always: what comes due at one instant may go either way. */
  #delay(): number {
    return 1000 + ((++this.#delays * 7_368_787) % 999_983);
  }
}

/** None while it is being made: then XState doesn't tell its snapshot. */
function childrenOf(actor: AnyActorRef): Record<string, unknown> {
  try {
    return actor.getSnapshot()?.children ?? {};
  } catch {
    return {};
  }
}

type Place = 'root' | 'first' | 'region' | 'later';

function placeIn(kind: 'compound' | 'parallel', index: number): Place {
  return kind === 'parallel' ? 'region' : index === 0 ? 'first' : 'later';
}

function kindAt({ kind, states }: State, place: Place): State['kind'] {
  if (states.length === 0 && (kind === 'compound' || kind === 'parallel')) return 'atomic';
  const special = kind === 'shallow' || kind === 'deep' || kind === 'final';
  return special && place !== 'later' ? 'atomic' : kind;
}

interface Numbered {
  readonly kind: State['kind'];
  readonly parent: string;
}

/** The states below the root as they are numbered: each before those in it. */
function numbered(root: State): Numbered[] {
  const all: Numbered[] = [];
  const visit = (state: State, kind: State['kind'], id: string) => {
    if (kind !== 'compound' && kind !== 'parallel') return;
    for (const [index, inner] of state.states.entries()) {
      const innerKind = kindAt(inner, placeIn(kind, index));
      visit(inner, innerKind, `s${all.push({ kind: innerKind, parent: id }) - 1}`);
    }
  };
  visit(root, kindAt(root, 'root'), 'root');
  return all;
}

interface ChildInput {
  readonly delay: number;
}

const ticks = setup({
  types: { input: {} as ChildInput, context: {} as ChildInput & { n: number } },
  delays: { first: ({ context }) => context.delay, second: ({ context }) => context.delay * 2 + 1 },
}).createMachine({
  context: ({ input }) => ({ ...input, n: 0 }),
  initial: 'on',
  states: {
    on: {
      entry: mark('ticks'),
      exit: mark('ticked'),
      on: {
        PING: { actions: [assign({ n: ({ context }) => context.n + 1 }), mark('pinged', ({ context }) => context.n)] },
      },
      after: { first: { actions: sendParent(({ context }) => ({ type: 'C0', n: context.n })) }, second: 'over' },
    },
    over: { type: 'final' },
  },
  output: ({ context }) => context.n,
});

const echoes = createMachine({
  entry: sendParent({ type: 'C0' }),
  on: { PING: { actions: [mark('echo'), sendParent({ type: 'C0' })] } },
});

const resolves = fromPromise<number, ChildInput>(async ({ input }) => {
  note('resolves', input.delay);
  return input.delay;
});

const nests = setup({
  actors: { resolves, ticks },
  types: { input: {} as ChildInput, context: {} as ChildInput },
}).createMachine({
  context: ({ input }) => input,
  initial: 'one',
  states: {
    one: {
      invoke: {
        src: 'resolves',
        id: 'resolves',
        input: ({ context }) => context,
        onDone: { target: 'two', actions: sendParent({ type: 'C0' }) },
      },
    },
    two: {
      invoke: { src: 'ticks', id: 'ticks', input: ({ context }) => context, onDone: 'over' },
      on: { C0: { actions: mark('nested tick') } },
    },
    over: { type: 'final', entry: mark('nests no more') },
  },
});

const actors: Record<Child, AnyActorLogic> = {
  resolves,
  rejects: fromPromise<number, ChildInput>(async ({ input }) => {
    note('rejects', input.delay);
    throw new Error(`after ${input.delay}`);
  }),
  works: fromSteps({ types: {} as { input: ChildInput } }, async ({ input, step, sleep }) => {
    await step('one', () => note('one', input.delay));
    await sleep('nap', input.delay);
    return step('two', { retry: { delay: input.delay + 7 } }, ({ attempt }) => {
      note('two', [input.delay, attempt]);
      if (attempt === 1) throw new Error('once');
    });
  }),
  ticks,
  echoes,
  nests,
  reduces: fromTransition((n: number, event: { type: string }) => (event.type === 'PING' ? n + 1 : n), 0),
  ends: createMachine({ initial: 'over', entry: mark('ends at once'), states: { over: { type: 'final' } }, output: 5 }),
};
