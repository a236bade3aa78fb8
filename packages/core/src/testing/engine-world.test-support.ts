import type { AnyActorLogic } from 'xstate';
import { decode, encode } from '../codec/index.js';
import {
  type ActionRow,
  actorRefReducers,
  actorRefRevivers,
  Engine,
  type EngineState,
  type Message,
  type TimerRow,
  type Turn,
  viewOf,
} from '../engine/index.js';

/** When the engine is thrown away, and a new one restored from what would be stored. */
export type Restores = 'never' | 'after every turn';

/**
 * Runs a machine as a run's decider does: turn by turn, actions afterwards, messages as turns of their own. What
 * happens is written down, so that runs with and without restores can be compared.
 */
export class EngineWorld {
  engine: Engine;
  now = 1000;
  /** One line a turn. */
  readonly trace: unknown[] = [];
  readonly emitted: unknown[] = [];
  readonly logged: unknown[] = [];
  last: Turn;
  #definition: { logic: AnyActorLogic; liveActors?: 'restart' };
  readonly #restores: Restores;
  readonly #messages: Message[] = [];
  readonly #onMessage = (message: Message) => void this.#messages.push(message);

  constructor(logic: AnyActorLogic, options: { input?: unknown; restores?: Restores; liveActors?: 'restart' } = {}) {
    const { input, restores = 'never', liveActors } = options;
    this.#definition = { logic, ...(liveActors ? { liveActors } : {}) };
    this.#restores = restores;
    const { engine, turn } = Engine.start(this.#definition, input, this.now, this.#onMessage);
    this.engine = engine;
    this.last = turn;
    this.#after('start', turn);
  }

  get view() {
    return viewOf(this.engine.root);
  }

  get leaves(): string[] {
    return this.engine.leaves.map(({ path, incarnation }) => `${path}#${incarnation}`).sort();
  }

  get timers(): { at: number; type: string; to: string }[] {
    return [...this.engine.timers.values()].map(({ at, event, to }) => ({ at, type: event.type, to }));
  }

  send(event: { type: string; [key: string]: unknown }): this {
    return this.#after(event.type, this.engine.deliver({ to: '', incarnation: 1, event }, this.now));
  }

  resolve(path: string, output?: unknown): this {
    return this.#after(`${path} done`, this.engine.settle(this.#leaf(path), { output }, this.now));
  }

  reject(path: string, error: unknown): this {
    return this.#after(`${path} failed`, this.engine.settle(this.#leaf(path), { error }, this.now));
  }

  /** Lets time pass: due timers go off, each at its instant. */
  advance(ms: number): this {
    const end = this.now + ms;
    for (let due = this.#due(end); due; due = this.#due(end)) {
      const [key, { at }] = due;
      this.now = at;
      this.#after(`timer ${key}`, this.engine.fire(key, at));
    }
    this.now = end;
    return this;
  }

  /** Throws the engine away, and takes up what would have been stored. */
  restore(): this {
    this.#reload([]);
    return this;
  }

  /** Throws the engine away, and lets another definition take over what would have been stored. */
  upgrade(logic: AnyActorLogic, pending: readonly ActionRow[] = []): this {
    this.#definition = { ...this.#definition, logic };
    const actions = this.#reload(pending);
    return this.#after('upgrade', this.engine.reconcile(actions, this.now));
  }

  /** What would be stored, as text. */
  stored(rows: readonly ActionRow[] = []): string {
    const { text, blobs } = encode([this.engine.state(), this.engine.timers, rows], 'state', actorRefReducers);
    if (blobs.length > 0) throw new Error('No attachments here.');
    return text;
  }

  #leaf(path: string) {
    const leaf = this.engine.leaves.find((leaf) => leaf.path === path);
    if (!leaf) throw new Error(`No leaf at "${path}"; there are: ${this.leaves.join(', ')}.`);
    return leaf;
  }

  #due(end: number): [string, TimerRow] | undefined {
    const due = [...this.engine.timers].filter(([, { at }]) => at <= end);
    return due.sort(([, a], [, b]) => a.at - b.at)[0];
  }

  #after(what: string, turn: Turn): this {
    this.last = turn;
    this.emitted.push(...turn.emitted);
    this.logged.push(...turn.logged);
    const { value, context, status, output, error, tags } = this.view;
    const lines = (leaves: Turn['started']) => leaves.map(({ path, incarnation }) => `${path}#${incarnation}`);
    this.trace.push({
      what,
      ...{ value, status, output, tags, error: String(error) },
      context: encode(context, 'context', actorRefReducers).text,
      timers: this.timers,
      started: lines(turn.started),
      stopped: lines(turn.stopped),
      actions: turn.actions.map(({ row }) => `${row.actor} ${row.type}`),
      taken: turn.taken,
    });
    let { actions } = turn;
    if (this.#restores === 'after every turn') actions = this.#reload(actions.map(({ row }) => row));
    for (const { perform } of actions) perform();
    for (let message = this.#messages.shift(); message; message = this.#messages.shift()) {
      this.#after(`message ${message.event.type}`, this.engine.deliver(message, this.now));
    }
    return this;
  }

  #reload(rows: readonly ActionRow[]): Turn['actions'] {
    const [state, timers, stored] = decode({ text: this.stored(rows), blobs: [] }, actorRefRevivers) as [
      EngineState,
      Map<string, TimerRow>,
      ActionRow[],
    ];
    this.engine = Engine.restore(this.#definition, state, timers, this.#onMessage);
    return stored.map((row) => {
      const action = this.engine.resolveAction(row);
      if (!action) throw new Error(`Action ${row.type} at ${row.place} can't be resolved.`);
      return action;
    });
  }
}
