import { definitionHash } from '../define/definition-hash.js';
import type { AnyWorkflow } from '../define/workflow.js';
import {
  type ActionRow,
  Engine,
  type EngineState,
  type Leaf,
  type Message,
  type PendingAction,
  type RootView,
  type Turn,
  viewOf,
} from '../engine/index.js';
import { HoldfastError, isHoldfastError } from '../errors/index.js';
import { type HistoryRow, isReserved, type RunRow, type RunStatus, type StoredRun } from '../records/records.js';
import { isFinal, type JournalEntry, journalId, journalPrefix, stepOf } from '../steps/journal.js';
import type { Op } from '../store/store.js';
import {
  type Arrival,
  type Circumstances,
  clearsActions,
  type Decision,
  type Effects,
  type LeafAddress,
  NO_EFFECTS,
} from './arrivals.js';
import { type ControlBody, decideControl } from './control.js';
import type { Migrated } from './migrate.js';
import { RunRecord } from './run-record.js';
import { suspicionAfter } from './suspicion.js';
import { isStepsActor, type TakenUp, takeUp } from './take-up.js';
import { unfit } from './unfit.js';

type ArrivalOf<K extends Arrival['kind']> = Extract<Arrival, { kind: K }>;

/** Were they lost, nothing would be done twice or not at all. */
const RELAXED = new Set<Arrival['kind']>(['progress', 'heartbeat', 'outlived', 'rest']);
const CLOSED = new Set<RunStatus>(['done', 'failed', 'cancelled']);
const STATUS_OF = { active: 'running', done: 'done', error: 'failed', stopped: 'cancelled' } as const;

interface Draft {
  readonly ops: Op[];
  effects: { -readonly [K in keyof Effects]: Effects[K] };
  history: HistoryRow['arrival'] | undefined;
  progress: RunRow['progress'] | undefined;
}

/**
 * Decides what an arrival makes of a run: record x arrival -> ops + effects.
 *
 * Owns: one run's record in memory. Never: the store, the clock, the host; the same arrivals give the same decisions.
 * 1. A decision stands in memory before it is committed; when its commit fails, the decider is to be thrown away.
 * 2. All consequences of an arrival are ops of one decision.
 * 3. What throws while deciding fails the run, with the state of the checkpoint before; but what throws while it takes
 *    over a run from another definition leaves that run as it was.
 */
export class Decider {
  readonly #workflow: AnyWorkflow;
  readonly #record: RunRecord;
  readonly #onMessage: (message: Message) => void;
  #row: RunRow;
  #engine: Engine | undefined;
  /** Deadlines of open journal entries, by record id. */
  readonly #untils = new Map<string, number>();
  /** The run was written by another definition, and is not in line with this one yet. */
  #foreign: TakenUp['foreign'];
  /** Sent by actors outside of a transition, and not taken yet; with the record id of those that are stored. */
  readonly #messages = new Map<Message, string | undefined>();
  /** Those of them that no checkpoint has been asked to store yet. */
  #unstored: Message[] = [];
  #lastMessage = 0;

  /**
   * Takes up a stored run where its last checkpoint left it. One that another definition wrote is migrated, and has to
   * be brought in line by an arrival of kind `version`, before any other that moves it.
   * @throws `VERSION_UNFIT`, `MIGRATION_FAILED` when this code can't go on with it; nothing is changed then.
   */
  constructor(workflow: AnyWorkflow, stored: StoredRun, onMessage: (message: Message) => void) {
    this.#workflow = workflow;
    this.#row = stored.row;
    this.#record = new RunRecord(stored);
    this.#onMessage = (message) => {
      this.#messages.set(message, undefined);
      this.#unstored.push(message);
      onMessage(message);
    };
    if (stored.row.seq === 0 || this.#record.has('failure')) return;
    const { engine, foreign } = this.closed ? this.#reopen() : this.#takeUp();
    if (!engine) return;
    this.#engine = engine;
    this.#foreign = foreign;
    if (!foreign) for (const leaf of this.#engine.leaves) this.#learnDeadlines(leaf);
    this.#learnMessages(this.#engine);
  }

  get row(): RunRow {
    return this.#row;
  }

  get closed(): boolean {
    return CLOSED.has(this.#row.status);
  }

  /** The next timer of the machine. */
  get timer(): { readonly key: string; readonly at: number } | undefined {
    let first: { key: string; at: number } | undefined;
    for (const [key, { at }] of this.#engine?.timers ?? []) if (!first || at < first.at) first = { key, at };
    return first;
  }

  /** Whether a `version` arrival is to be decided first. */
  get takesOver(): boolean {
    return this.#foreign !== undefined;
  }

  /** What is under way according to the record: to be taken up again after a restore. */
  pending(): Pick<Effects, 'actions' | 'start'> {
    if (!this.#engine || this.#foreign || this.closed) return NO_EFFECTS;
    return { actions: this.#pendingActions(), start: this.#engine.leaves };
  }

  /** What actors have sent that is not taken yet, in order. */
  get messages(): readonly Message[] {
    return [...this.#messages.keys()];
  }

  /** The stored journal of a step function. */
  journal(leaf: LeafAddress): Map<string, JournalEntry> {
    const prefix = journalPrefix(leaf);
    const ids = this.#record.idsFrom(prefix);
    return new Map(ids.map((id) => [stepOf(leaf, id), this.#record.read(id) as JournalEntry]));
  }

  /** The live actor of a leaf; undefined when it has been left. */
  leafActor(leaf: LeafAddress) {
    return this.#engine?.leafActor(leaf);
  }

  /** What an app sees of the run. */
  view(): RootView {
    if (this.#engine && !this.#foreign) return viewOf(this.#engine.root);
    const { snapshot = { status: 'active' } } = (this.#record.read('state') ?? {}) as Partial<EngineState>;
    const { value, context, output, status, error } = snapshot;
    const failed = this.#record.has('failure') && { status: 'error' as const, error: this.#record.read('failure') };
    return { value, context, tags: [], accepts: [], output, status, error, ...failed };
  }

  decide(arrival: Arrival, told: Circumstances): Decision {
    const draft: Draft = { ops: [], effects: { ...NO_EFFECTS }, history: undefined, progress: undefined };
    const before = this.#row;
    // What is taken over is not under way yet: it is quiet if it was.
    const { now, epoch } = told;
    const circumstances = arrival.kind === 'version' ? { now, epoch, quiet: () => before.status === 'waiting' } : told;
    try {
      this.#apply(arrival, draft, circumstances);
    } catch (error) {
      if (arrival.kind === 'version') throw this.#notTakenOver(error);
      this.#fail(error, arrival, draft);
    }
    if (draft.effects.gone) return { after: before.seq, ops: draft.ops, durability: 'strict', effects: draft.effects };
    this.#writeHead(arrival, draft, circumstances);
    if (arrival.kind === 'version') draft.effects.start = this.#engine?.leaves ?? [];
    const durability = RELAXED.has(arrival.kind) ? 'relaxed' : 'strict';
    return { after: before.seq, ops: draft.ops, durability, effects: draft.effects };
  }

  #apply(arrival: Arrival, draft: Draft, circumstances: Circumstances): void {
    const { now } = circumstances;
    if (clearsActions(arrival)) this.#clearActions(arrival, draft);
    switch (arrival.kind) {
      case 'start':
        this.#start(draft, now);
        break;
      case 'version':
        this.#takeOver(draft, now);
        break;
      case 'event':
        this.#event(arrival, draft, now);
        break;
      case 'control':
        this.#control(arrival, draft, now);
        break;
      case 'step':
        this.#step(arrival, draft, circumstances);
        break;
      case 'heartbeat':
        this.#heartbeat(arrival, draft);
        break;
      case 'performed':
        this.#performed(arrival, draft, now);
        break;
      case 'progress':
        draft.progress = arrival.progress;
        break;
      case 'begin':
      case 'outlived':
      case 'rest':
        break;
      default:
        this.#move(arrival, draft, now);
    }
  }

  #start(draft: Draft, now: number): void {
    const input = this.#record.read('input');
    const { engine, turn } = Engine.start(this.#workflow, input, now, this.#onMessage);
    this.#engine = engine;
    this.#absorb(turn, draft);
    draft.history = { kind: 'start' };
  }

  #takeOver(draft: Draft, now: number): void {
    const engine = this.#engine as Engine;
    const { version } = this.#row;
    const { journal } = this.#foreign ?? {};
    if (journal) this.#replaceJournals(journal, draft);
    for (const leaf of engine.leaves) this.#learnDeadlines(leaf);
    const turn = engine.reconcile(this.#pendingActions(), now);
    const { status, error } = viewOf(engine.root);
    if (status === 'error') throw error;
    this.#foreign = undefined;
    this.#absorb(turn, draft);
    draft.history = { kind: 'version', name: `${version} -> ${this.#workflow.version}` };
  }

  #notTakenOver(error: unknown): HoldfastError {
    if (isHoldfastError(error, 'VERSION_UNFIT') || isHoldfastError(error, 'ACTION_NOT_RESUMABLE')) return error;
    return unfit(this.#workflow, this.#row, `taking it over fails with ${String(error)}`);
  }

  #replaceJournals(journal: Migrated['journal'], draft: Draft): void {
    for (const id of this.#record.idsFrom('journal/')) if (!journal.has(id)) this.#record.remove(id, draft.ops);
    for (const [id, entry] of journal) this.#record.put(id, entry, 'journal', draft.ops);
  }

  #event({ row }: ArrivalOf<'event'>, draft: Draft, now: number): void {
    draft.ops.push({ op: 'taken', n: row.n });
    if (!this.#record.remember(row.id, this.#row.seq + 1, draft.ops)) return;
    const event = this.#record.decode(row.body) as { type: string };
    draft.history = { kind: 'event', name: event.type, outcome: 'ignored' };
    if (this.closed || !this.#engine || isReserved(event.type)) return;
    const turn = this.#engine.deliver({ to: '', incarnation: 1, event }, now);
    if (turn.taken) draft.history = { kind: 'event', name: event.type };
    this.#absorb(turn, draft);
  }

  #control({ row }: ArrivalOf<'control'>, draft: Draft, now: number): void {
    const body = this.#record.decode(row.body) as ControlBody;
    const { workflow, run } = this.#row;
    // A run in memory is not paused, and one that began by this very control is not to begin again.
    if (body.control === 'resume' || (body.control === 'restart' && row.id === this.#row.key)) {
      draft.ops.push({ op: 'taken', n: row.n });
      return;
    }
    const { op, gone } = decideControl(body, { workflow, run, id: row.id, now });
    draft.ops.splice(0, Infinity, op);
    draft.effects.gone = gone;
    draft.effects.stop = this.#engine?.leaves ?? [];
  }

  #step({ leaf, record }: ArrivalOf<'step'>, draft: Draft, { now }: Circumstances): void {
    if (!this.#engine?.leafActor(leaf)) return;
    const { step, progress } = record;
    const id = journalId(leaf, step);
    const order = this.#row.seq + 1;
    const entry = this.#storableEntry({ ...record.entry, order }, id, step, draft, now);
    this.#watchDeadline(id, entry);
    draft.effects.entry = entry;
    draft.progress = progress;
    const outcome = entry.status === 'sleeping' || entry.status === 'begun' ? 'started' : entry.status;
    draft.history = { kind: 'step', name: step, outcome, attempts: entry.attempts };
  }

  #heartbeat({ leaf, record }: ArrivalOf<'heartbeat'>, draft: Draft): void {
    if (!this.#engine?.leafActor(leaf)) return;
    const { step, entry } = record;
    this.#record.put(journalId(leaf, step), entry, `heartbeat of step "${step}"`, draft.ops);
    draft.effects.entry = entry;
  }

  /** Puts the entry; one whose output can't be stored becomes a failed one, which says so. */
  #storableEntry(entry: JournalEntry, id: string, step: string, draft: Draft, now: number): JournalEntry {
    try {
      this.#record.put(id, entry, `step "${step}"`, draft.ops);
      return entry;
    } catch (error) {
      const { output: _output, until: _until, ...rest } = entry;
      const failed: JournalEntry = { ...rest, status: 'failed', error, endedAt: now };
      this.#record.put(id, failed, `step "${step}"`, draft.ops);
      return failed;
    }
  }

  #performed({ failed }: ArrivalOf<'performed'>, draft: Draft, now: number): void {
    if (!failed || !this.#engine || this.closed) return;
    this.#absorb(this.#engine.fail(failed.path, failed.error, now), draft);
    draft.history = { kind: 'action', name: failed.path, outcome: 'failed' };
  }

  #move(arrival: ArrivalOf<'timer' | 'actor' | 'message'>, draft: Draft, now: number): void {
    const engine = this.#engine;
    // What it was to do last may still be ahead: then it is not closed, but goes nowhere.
    if (!engine?.active || this.closed) return;
    if (arrival.kind === 'timer') {
      draft.history = { kind: 'timer', name: engine.timers.get(arrival.key)?.event.type ?? arrival.key };
      this.#absorb(engine.fire(arrival.key, now), draft);
    } else if (arrival.kind === 'actor') {
      const outcome = 'error' in arrival.outcome ? 'failed' : 'completed';
      draft.history = { kind: 'actor', name: arrival.leaf.path, outcome };
      this.#absorb(engine.settle(arrival.leaf, arrival.outcome, now), draft);
    } else {
      draft.history = { kind: 'message', name: arrival.message.event.type };
      this.#absorb(engine.deliver(arrival.message, now), draft);
    }
  }

  /** Makes ops and effects of what the engine did. */
  #absorb(turn: Turn, draft: Draft): void {
    const engine = this.#engine as Engine;
    const { effects } = draft;
    effects.stop = turn.stopped;
    effects.start = turn.started;
    effects.emitted = turn.emitted;
    effects.logged = turn.logged;
    effects.actions = turn.actions;
    if (turn.timersChanged) this.#record.put('timers', engine.timers, 'timers', draft.ops);
    const rows = turn.actions.map(({ row }) => row);
    if (rows.length > 0) this.#record.put('actions', rows, 'actions', draft.ops);
    // Last: where one of the others can't be stored, the state in memory is still that of the checkpoint before.
    if (turn.changed) this.#record.put('state', engine.state(), 'machine state', draft.ops);
    for (const leaf of turn.stopped) this.#dropJournal(leaf, draft);
  }

  #dropJournal(leaf: Leaf, draft: Draft): void {
    for (const id of this.#record.idsFrom(journalPrefix(leaf))) {
      this.#record.remove(id, draft.ops);
      this.#untils.delete(id);
    }
  }

  /** What they have sent takes their place until it is taken: nothing would send it again. */
  #clearActions(arrival: Arrival, draft: Draft): void {
    this.#record.remove('actions', draft.ops);
    if (arrival.kind === 'message') this.#dropMessage(arrival.message, draft);
    for (const message of this.#unstored) this.#keepMessage(message, draft);
    this.#unstored = [];
  }

  /** One that can't be stored is taken all the same, as long as this host lives. */
  #keepMessage(message: Message, draft: Draft): void {
    if (!this.#messages.has(message)) return;
    const id = `messages/${++this.#lastMessage}`;
    try {
      this.#record.put(id, message, 'message', draft.ops);
      this.#messages.set(message, id);
    } catch (error) {
      if (!isHoldfastError(error, 'VALUE_NOT_STORABLE')) throw error;
    }
  }

  #dropMessage(message: Message, draft: Draft): void {
    const id = this.#messages.get(message);
    this.#messages.delete(message);
    if (id !== undefined) this.#record.remove(id, draft.ops);
  }

  #learnMessages(engine: Engine): void {
    const numbers = this.#record.idsFrom('messages/').map((id) => Number(id.slice('messages/'.length)));
    for (const n of numbers.sort((a, b) => a - b)) {
      const id = `messages/${n}`;
      this.#messages.set(engine.bind(this.#record.read(id) as Message), id);
      this.#lastMessage = n;
    }
  }

  /** Fails the run: its state stays that of the checkpoint before, the error says why. */
  #fail(error: unknown, arrival: Arrival, draft: Draft): void {
    draft.ops.splice(0, Infinity);
    draft.effects = { ...NO_EFFECTS, stop: this.#engine?.leaves ?? [] };
    this.#engine = undefined;
    if (arrival.kind === 'event' || arrival.kind === 'control') draft.ops.push({ op: 'taken', n: arrival.row.n });
    this.#record.put('failure', error, 'error', draft.ops);
    draft.ops.push({ op: 'remove', id: 'actions' });
    draft.history = { kind: arrival.kind === 'start' ? 'start' : 'action', outcome: 'failed' };
  }

  #writeHead(arrival: Arrival, draft: Draft, circumstances: Circumstances): void {
    const { now, epoch } = circumstances;
    const { nextDeadlineAt: _, suspicion: before, ...rest } = this.#row;
    const seq = draft.history ? rest.seq + 1 : rest.seq;
    const status = this.#status(draft.effects, circumstances.quiet);
    // Nobody will take them any more.
    if (CLOSED.has(status)) for (const id of this.#record.idsFrom('messages/')) this.#record.remove(id, draft.ops);
    const deadline = CLOSED.has(status) ? undefined : this.#nextDeadline();
    const progress = draft.progress ?? rest.progress;
    const suspicion = suspicionAfter(arrival, { status, ...(before && { suspicion: before }) });
    this.#row = {
      ...rest,
      ...this.#definition(rest),
      seq,
      status,
      updatedAt: now,
      ...(deadline === undefined ? {} : { nextDeadlineAt: deadline }),
      ...(progress ? { progress } : {}),
      ...(suspicion ? { suspicion } : {}),
      ...(CLOSED.has(status) && rest.closedAt === undefined ? { closedAt: now } : {}),
    };
    draft.ops.push({ op: 'run', row: this.#row });
    if (!draft.history) return;
    const { value } = this.view();
    const effects = effectNames(draft.effects);
    const row: HistoryRow = {
      seq,
      at: now,
      epoch,
      arrival: draft.history,
      status,
      ...(value === undefined ? {} : { value }),
      ...(effects.length > 0 ? { effects } : {}),
    };
    draft.ops.push({ op: 'history', row });
  }

  /** Which definition wrote the run: until it is taken over, the one before. */
  #definition({ version, definition }: RunRow): Pick<RunRow, 'version' | 'definition'> {
    if (this.#engine && !this.#foreign) {
      return { version: this.#workflow.version, definition: definitionHash(this.#workflow.logic) };
    }
    return { version, ...(definition === undefined ? {} : { definition }) };
  }

  /** Whether it only waits, though it is marked as running. */
  mayRest(quiet: Circumstances['quiet']): boolean {
    return this.#row.status === 'running' && this.#status(NO_EFFECTS, quiet) === 'waiting';
  }

  #status(effects: Effects, quiet: Circumstances['quiet']): RunStatus {
    if (this.#record.has('failure')) return 'failed';
    if (!this.#engine) return this.#row.status;
    const toPerform = this.#record.has('actions');
    const status = STATUS_OF[viewOf(this.#engine.root).status];
    // A run is closed when its last actions are performed: a closed one is not taken up again.
    if (status !== 'running') return toPerform ? 'running' : status;
    const busy =
      toPerform || this.#messages.size > 0 || this.#engine.leaves.some((leaf) => !this.#waits(leaf, effects, quiet));
    return busy ? 'running' : 'waiting';
  }

  /** Whether nothing but a stored deadline can move that leaf. */
  #waits(leaf: Leaf, { start, entry }: Effects, quiet: Circumstances['quiet']): boolean {
    if (start.includes(leaf) || (entry && isFinal(entry))) return false;
    const prefix = journalPrefix(leaf);
    return [...this.#untils.keys()].some((id) => id.startsWith(prefix)) && quiet(leaf);
  }

  #nextDeadline(): number | undefined {
    const deadlines = [...this.#untils.values(), ...(this.timer ? [this.timer.at] : [])];
    return deadlines.length > 0 ? Math.min(...deadlines) : undefined;
  }

  #learnDeadlines(leaf: Leaf): void {
    for (const [step, entry] of this.journal(leaf)) this.#watchDeadline(journalId(leaf, step), entry);
  }

  #watchDeadline(id: string, entry: JournalEntry): void {
    if (isFinal(entry) || entry.until === undefined) this.#untils.delete(id);
    else this.#untils.set(id, entry.until);
  }

  /** A closed run goes nowhere any more: where its code is gone, what is stored of it tells all but its tags. */
  #reopen(): Partial<TakenUp> {
    if (this.#row.version !== this.#workflow.version) return {};
    try {
      return { engine: this.#takeUp().engine };
    } catch (error) {
      if (isHoldfastError(error, 'VERSION_UNFIT')) return {};
      throw error;
    }
  }

  #takeUp(): TakenUp {
    return takeUp(this.#workflow, this.#row, this.#record, this.#onMessage);
  }

  #pendingActions(): PendingAction[] {
    const rows = (this.#record.read('actions') ?? []) as ActionRow[];
    return rows.map((row) => {
      const action = this.#engine?.resolveAction(row);
      if (action) return action;
      throw new HoldfastError('ACTION_NOT_RESUMABLE', {
        message: `Action "${row.type}" of run "${this.#row.run}" was not known to be performed, and this code no longer has it.`,
        remedy: 'Name it in setup({ actions }), and keep that name.',
        details: { workflow: this.#row.workflow, run: this.#row.run, action: row.type, place: row.place },
      });
    });
  }

  /** Takes in attachments that came with an inbox row. */
  learn(attachments: ReadonlyMap<string, Blob>): void {
    this.#record.learn(attachments);
  }

  /** Whether a leaf is a step function. */
  isSteps(leaf: LeafAddress): boolean {
    return isStepsActor(this.leafActor(leaf));
  }
}

function effectNames({ actions, start, stop }: Effects): string[] {
  return [
    ...stop.map(({ path }) => `stop ${path || 'run'}`),
    ...actions.map(({ row }) => `${row.incarnation === undefined ? 'action' : 'give'} ${row.type}`),
    ...start.map(({ path }) => `start ${path || 'run'}`),
  ];
}
