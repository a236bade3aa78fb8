import { definitionHash } from '../define/definition-hash.js';
import type { Limits } from '../define/limits.js';
import { parseEvent, parseInput } from '../define/schemas.js';
import { schemasOf } from '../define/schemas-of.js';
import type { AnyWorkflow } from '../define/workflow.js';
import {
  type ActionRow,
  Engine,
  type EngineState,
  endOf,
  type Leaf,
  type Message,
  names,
  type PendingAction,
  type RootView,
  standingOf,
  type Turn,
  viewLater,
  viewOf,
} from '../engine/index.js';
import { HoldfastError, isHoldfastError } from '../errors/index.js';
import {
  type Attached,
  CANCEL_EVENT,
  type HistoryRow,
  type InboxRow,
  isClosed,
  isReserved,
  type PauseReason,
  type RunRow,
  type RunStatus,
  type StoredRun,
} from '../records/records.js';
import { cancelId, isFinal, type JournalEntry, journalId, journalPrefix, stepAfter } from '../steps/journal.js';
import type { Mail } from '../steps/mail.js';
import type { Op } from '../store/store.js';
import {
  type Arrival,
  type Circumstances,
  clearsActions,
  type Decision,
  type Effects,
  type LeafAddress,
  NO_EFFECTS,
  type Orphan,
} from './arrivals.js';
import { type ControlBody, decideControl, LIFTED, type RunControl } from './control.js';
import { keepDeadLetter } from './dead-letters.js';
import { headAfterArrival, pushHead } from './head.js';
import { Mailboxes } from './mailboxes.js';
import { Messages } from './messages.js';
import type { Migrated } from './migrate.js';
import { OpenWaits } from './open-waits.js';
import { withoutReasons, withReason } from './pausing.js';
import { RunRecord } from './run-record.js';
import { isStepsActor, type TakenUp, takeUp } from './take-up.js';
import { unfit } from './unfit.js';

type ArrivalOf<K extends Arrival['kind']> = Extract<Arrival, { kind: K }>;

/** Were they lost, nothing would be done twice or not at all. */
const RELAXED = new Set<Arrival['kind']>(['progress', 'heartbeat', 'outlived', 'rest']);
/** What a run still takes while what it has done is being undone. */
const WHILE_UNDOING = new Set<Arrival['kind']>([
  ...(['control', 'event', 'step', 'heartbeat', 'undone', 'performed', 'begin', 'outlived', 'rest'] as const),
]);
const STATUS_OF = { active: 'running', done: 'done', error: 'failed', stopped: 'cancelled' } as const;

interface Draft {
  readonly ops: Op[];
  /** When what it is about happened, an instant (ms). */
  readonly at: number;
  effects: { -readonly [K in keyof Effects]: Effects[K] };
  history: HistoryRow['arrival'] | undefined;
  progress: RunRow['progress'] | undefined;
  /** As they are to be; undefined where they stay as they are. */
  reasons: readonly PauseReason[] | undefined;
  cancel: RunRow['cancel'];
  /** The run ends with this arrival, whatever it was about to do. */
  cancelled: boolean;
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
  readonly #mailboxes: Mailboxes;
  readonly #waits = new OpenWaits();
  /** The run was written by another definition, and is not in line with this one yet. */
  #foreign: TakenUp['foreign'];
  readonly #messages: Messages;
  readonly #historyLength: number;
  /** Which definition it writes by. */
  #own: Pick<RunRow, 'version' | 'definition'> | undefined;
  /** Until the first decision, by prefix: a restore asks more than once, and to read one may be most of its work. */
  readonly #journals = new Map<string, ReadonlyMap<string, JournalEntry>>();
  #decided = false;
  /** Step functions that were cancelled and have undone what they did. */
  readonly #undoneLeaves = new Set<Leaf>();

  /**
   * Takes up a stored run where its last checkpoint left it. One that another definition wrote is migrated, and has to
   * be brought in line by an arrival of kind `version`, before any other that moves it.
   * @throws `VERSION_UNFIT`, `MIGRATION_FAILED` when this code can't go on with it; nothing is changed then.
   */
  constructor(
    workflow: AnyWorkflow,
    stored: StoredRun,
    onMessage: (message: Message) => void,
    { valueLength = Infinity, historyLength = Infinity }: Partial<Limits> = {},
  ) {
    this.#workflow = workflow;
    this.#historyLength = historyLength;
    this.#row = stored.row;
    this.#record = new RunRecord(stored, valueLength);
    this.#mailboxes = new Mailboxes(this.#record);
    this.#messages = new Messages(this.#record);
    this.#onMessage = (message) => {
      this.#messages.add(message);
      onMessage(message);
    };
    if (!this.#record.has('state') || this.#record.has('failure')) return;
    const { engine, foreign } = this.closed ? this.#reopen() : this.#takeUp();
    if (!engine) return;
    this.#engine = engine;
    this.#foreign = foreign;
    if (!foreign) for (const leaf of this.#engine.leaves) this.#learnWaits(leaf);
    this.#messages.learn(engine);
  }

  get row(): RunRow {
    return this.#row;
  }

  get closed(): boolean {
    return isClosed(this.#row.status);
  }

  /** Whether nothing new is to begin: what is under way ends. */
  get paused(): boolean {
    return this.#row.status === 'paused';
  }

  /** What is to be decided at its instant: the next timer of the machine, or the end of the time it has to end. */
  get due(): { readonly at: number; readonly arrival: Arrival } | undefined {
    const { cancel } = this.#row;
    const timers = this.#engine?.timers;
    if (this.#undoing || (!timers?.size && !cancel)) return undefined;
    let first: { key: string; at: number } | undefined;
    for (const [key, { at }] of timers ?? []) if (!first || at < first.at) first = { key, at };
    if (cancel?.by !== undefined && !(first && first.at <= cancel.by))
      return { at: cancel.by, arrival: { kind: 'cancel deadline' } };
    return first && { at: first.at, arrival: { kind: 'timer', key: first.key } };
  }

  /** Whether a `version` arrival is to be decided first. */
  get takesOver(): boolean {
    return this.#foreign !== undefined;
  }

  /** What is under way according to the record: to be taken up again after a restore. */
  pending(): Pick<Effects, 'orphans' | 'actions' | 'start' | 'undo'> {
    if (!this.#engine || this.#foreign || this.closed) return NO_EFFECTS;
    const orphans = (this.#record.read('orphans') ?? []) as Orphan[];
    if (this.#undoing)
      return { ...NO_EFFECTS, orphans, undo: this.#engine.leaves.filter((leaf) => this.#hasUndo(leaf)) };
    return {
      orphans,
      actions: this.#pendingActions(),
      start: this.#engine.leaves.filter((leaf) => !this.#messages.hasEndOf(leaf)),
      undo: [],
    };
  }

  /** What actors have sent that is not taken yet, in order. */
  get messages(): readonly Message[] {
    return this.#messages.all;
  }

  /** The stored journal of a step function. */
  journal(leaf: LeafAddress): ReadonlyMap<string, JournalEntry> {
    const prefix = journalPrefix(leaf);
    const known = this.#journals.get(prefix);
    if (known) return known;
    const journal = new Map<string, JournalEntry>();
    for (const id of this.#record.idsFrom(prefix)) {
      journal.set(stepAfter(prefix, id), this.#record.read(id) as JournalEntry);
    }
    if (!this.#decided) this.#journals.set(prefix, journal);
    return journal;
  }

  /** The first step whose tries are used up, and for which the run is paused. */
  get exhausted(): { readonly step: string; readonly entry: JournalEntry } | undefined {
    for (const leaf of this.#engine?.leaves ?? []) {
      for (const [step, entry] of this.journal(leaf)) if (entry.status === 'exhausted') return { step, entry };
    }
    return undefined;
  }

  /** What a step function was sent and has not taken yet, in order. */
  mail(leaf: LeafAddress): Mail[] {
    return this.#mailboxes.of(leaf);
  }

  /** The live actor of a leaf; undefined when it has been left. */
  leafActor(leaf: LeafAddress) {
    return this.#engine?.leafActor(leaf);
  }

  /** What an app sees of the run. */
  view(): RootView {
    if (this.#engine && !this.#foreign) return this.#viewLater(this.#engine)();
    const { snapshot = { status: 'active' } } = (this.#record.state.read() ?? {}) as Partial<EngineState>;
    const { value, context, output, status, error } = snapshot;
    const failed = this.#record.has('failure') && { status: 'error' as const, error: this.#record.read('failure') };
    return { value, context, tags: [], accepts: [], output, status, error, ...failed };
  }

  /** {@link view} as it is now, for who may look later. */
  viewOfNow(): () => RootView {
    if (this.#engine && !this.#foreign) return this.#viewLater(this.#engine);
    const view = this.view();
    return () => view;
  }

  get #value(): unknown {
    return this.#engine && !this.#foreign ? standingOf(this.#engine.root).value : this.view().value;
  }

  /** A step function accepts what it waits for, and nothing while it is being undone. */
  #viewLater({ root, leaves }: Engine): () => RootView {
    const view = viewLater(root);
    const itself = leaves.find(({ path }) => path === '');
    if (!itself) return view;
    const accepts = this.#undoing ? [] : this.#waits.types(itself);
    return () => ({ ...view(), accepts });
  }

  decide(arrival: Arrival, told: Circumstances): Decision {
    if (!this.#decided) this.#journals.clear();
    this.#decided = true;
    const draft: Draft = {
      ops: [],
      at: this.#instantOf(arrival, told.now),
      effects: { ...NO_EFFECTS },
      history: undefined,
      progress: undefined,
      reasons: undefined,
      cancel: undefined,
      cancelled: false,
    };
    const before = this.#row;
    // What is taken over is not under way yet: it is quiet if it was.
    const circumstances = arrival.kind === 'version' ? { ...told, quiet: () => before.status === 'waiting' } : told;
    try {
      this.#apply(arrival, draft, circumstances);
    } catch (error) {
      if (arrival.kind === 'version') throw this.#notTakenOver(error);
      this.#fail(error, arrival, draft);
    }
    if (draft.effects.gone) return { after: before.seq, ops: draft.ops, durability: 'strict', effects: draft.effects };
    this.#writeHead(arrival, draft, circumstances);
    this.#record.settle(draft.ops);
    if (arrival.kind === 'version') draft.effects.start = this.#engine?.leaves ?? [];
    const durability = RELAXED.has(arrival.kind) ? 'relaxed' : 'strict';
    return { after: before.seq, ops: draft.ops, durability, effects: draft.effects };
  }

  #instantOf(arrival: Arrival, now: number): number {
    // A clock may have been set back since.
    if (arrival.kind === 'event') return Math.min(arrival.row.acceptedAt, now);
    return (arrival.kind === 'timer' ? this.#engine?.timers.get(arrival.key)?.at : undefined) ?? now;
  }

  #apply(arrival: Arrival, draft: Draft, circumstances: Circumstances): void {
    const { now } = circumstances;
    if (this.#undoing && !WHILE_UNDOING.has(arrival.kind)) return;
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
      case 'continue':
        this.#continue(arrival, draft, now);
        break;
      case 'performed':
        this.#performed(arrival, draft, now);
        break;
      case 'progress':
        draft.progress = arrival.progress;
        break;
      case 'undone':
        this.#undone(arrival, draft, now);
        break;
      case 'cancel deadline':
        this.#cancelNow(draft, now);
        draft.history = { kind: 'control', name: arrival.kind };
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
    const { id, schemas } = this.#workflow;
    const input = parseInput(schemas, this.#record.read('input'), `workflow "${id}"`);
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
    this.#mailboxes.keepOnly(
      engine.leaves.filter((leaf) => this.isSteps(leaf)),
      draft.ops,
    );
    for (const leaf of engine.leaves) this.#learnWaits(leaf);
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
    this.#take(row, draft);
    if (!this.#record.remember(row.id, this.#row.seq + 1, draft.ops)) return;
    const sent = this.#record.decode(row.body) as { type: string };
    draft.history = { kind: 'event', name: sent.type, outcome: 'ignored' };
    if (this.closed || this.#undoing || !this.#engine || isReserved(sent.type)) return;
    const event = this.#parse(sent, row, draft, now);
    if (!event) return;
    const turn = this.#engine.deliver({ to: '', incarnation: 1, event }, now);
    if (turn.taken) draft.history = { kind: 'event', name: sent.type };
    else if (turn.mail.length > 0) draft.history = { kind: 'event', name: sent.type, outcome: 'kept' };
    this.#absorb(turn, draft);
  }

  #take({ n, body }: InboxRow, draft: Draft): void {
    draft.ops.push({ op: 'taken', n });
    this.#record.took(body);
  }

  /** The event as the logic gets it; undefined when it becomes a dead letter. */
  #parse(event: { type: string }, row: InboxRow, draft: Draft, now: number): { type: string } | undefined {
    try {
      return parseEvent(schemasOf(this.#workflow), event, `workflow "${this.#workflow.id}"`);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      keepDeadLetter(this.#record, { row, event, error, seq: this.#row.seq + 1, now }, draft.ops);
      draft.history = { kind: 'event', name: event.type, outcome: 'refused' };
      return undefined;
    }
  }

  #control({ row }: ArrivalOf<'control'>, draft: Draft, now: number): void {
    const body = this.#record.decode(row.body) as ControlBody;
    const { workflow, run, key } = this.#row;
    this.#take(row, draft);
    if (body.control === 'delete' || body.control === 'restart') {
      // One that began by this very control is not to begin again.
      if (body.control === 'restart' && row.id === key) return;
      const { op, gone } = decideControl(body, { workflow, run, id: row.id, now });
      draft.ops.splice(0, Infinity, op);
      draft.effects.gone = gone;
      draft.effects.stop = this.#engine?.leaves ?? [];
    } else if (
      this.#record.remember(row.id, this.#row.seq + 1, draft.ops) &&
      !this.closed &&
      this.#steer(body, draft, now)
    ) {
      // A run that has not begun has no history yet, and is still to begin.
      if (this.#engine || draft.cancelled) draft.history = { kind: 'control', name: body.control };
    }
  }

  /** False when that changes nothing. */
  #steer(body: RunControl, draft: Draft, now: number): boolean {
    const { reasons, cancel } = this.#row;
    switch (body.control) {
      case 'pause':
        draft.reasons = withReason(reasons, 'person');
        return draft.reasons.length > reasons.length;
      case 'cancel':
        if (cancel) return false;
        draft.reasons = [];
        this.#cancel(body.timeoutMs, draft, now);
        return true;
      case 'terminate':
        this.#end(draft, now);
        return true;
      default:
        draft.reasons = withoutReasons(reasons, LIFTED[body.control]);
        return draft.reasons.length < reasons.length;
    }
  }

  /** A machine that names the event is asked to end, and has so long; anything else ends at once. */
  #cancel(timeoutMs: number, draft: Draft, now: number): void {
    const engine = this.#engine;
    const by = now + timeoutMs;
    const offer = { to: '', incarnation: 1, event: { type: CANCEL_EVENT, by } };
    const turn = engine && names(engine.root, CANCEL_EVENT) ? engine.deliver(offer, now) : undefined;
    if (turn?.taken) {
      this.#absorb(turn, draft);
      draft.cancel = { by };
    } else this.#cancelNow(draft, now);
  }

  /** Ends the run once its step functions have undone what they did; all else ends at once. */
  #cancelNow(draft: Draft, now: number): void {
    const leaves = this.#engine?.leaves ?? [];
    const undo = leaves.filter((leaf) => this.#hasUndo(leaf));
    if (undo.length === 0) {
      this.#end(draft, now);
      return;
    }
    draft.cancel = {};
    draft.effects.undo = undo;
    draft.effects.stop = leaves.filter((leaf) => !undo.includes(leaf));
    this.#record.remove('actions', draft.ops);
  }

  #undone({ leaf }: ArrivalOf<'undone'>, draft: Draft, now: number): void {
    const isIts = ({ path }: Leaf) => path === leaf.path;
    const own = this.#engine?.leaves.find(isIts);
    if (!own) return;
    this.#undoneLeaves.add(own);
    draft.history = { kind: 'control', name: 'undone' };
    const ahead = this.#engine?.leaves.some((other) => this.#hasUndo(other) && !this.#undoneLeaves.has(other));
    if (!ahead) this.#end(draft, now);
  }

  #end(draft: Draft, now: number): void {
    draft.reasons = [];
    if (this.#engine?.active) this.#absorb(this.#engine.stop(now), draft);
    this.#record.remove('actions', draft.ops);
    // It is closed when its children are known to be asked to end.
    draft.cancelled = draft.effects.orphans.length === 0;
  }

  /** Whether what step functions have done is being undone: nothing else of the run moves. */
  get #undoing(): boolean {
    const { cancel } = this.#row;
    return cancel !== undefined && cancel.by === undefined;
  }

  #hasUndo(leaf: Leaf): boolean {
    const takesBack = ({ undo, child }: JournalEntry) => undo !== undefined || child !== undefined;
    return this.isSteps(leaf) && [...this.journal(leaf).values()].some(takesBack);
  }

  #step({ leaf, record }: ArrivalOf<'step'>, draft: Draft, { now }: Circumstances): void {
    if (!this.#engine?.leafActor(leaf)) return;
    const { step, progress, mail } = record;
    const id = journalId(leaf, step);
    const order = this.#row.seq + 1;
    const entry = this.#storableEntry({ ...record.entry, order }, id, step, draft, now);
    this.#waits.learn(id, entry);
    if (mail !== undefined) this.#mailboxes.take(leaf, mail, draft.ops);
    draft.effects.entry = entry;
    draft.progress = progress;
    if (entry.status === 'exhausted') draft.reasons = withReason(this.#row.reasons, 'exhausted');
    const outcome = OUTCOME_OF[entry.status];
    draft.history = { kind: 'step', name: step, outcome, attempts: entry.attempts, startedAt: entry.startedAt };
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
      // One that is to be tried again has nothing new but its error: details were looked at when they were told.
      if (isFinal(entry)) this.#record.putLimited(id, entry, `step "${step}"`, draft.ops);
      else this.#record.put(id, entry, `step "${step}"`, draft.ops);
      return entry;
    } catch (error) {
      const { output: _output, until: _until, ...rest } = entry;
      const failed: JournalEntry = { ...rest, status: 'failed', error, endedAt: now };
      this.#record.put(id, failed, `step "${step}"`, draft.ops);
      return failed;
    }
  }

  #continue({ leaf, input }: ArrivalOf<'continue'>, draft: Draft, now: number): void {
    if (!this.#engine?.leafActor(leaf)) return;
    draft.history = { kind: 'continue', name: leaf.path };
    this.#absorb(this.#engine.continueWith(leaf, input, now), draft);
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
      // While it is paused its state stands still; that work has ended is kept.
      if (this.paused) this.#keepEnd(endOf(arrival.leaf, arrival.outcome), draft);
      else this.#absorb(engine.settle(arrival.leaf, arrival.outcome, now), draft);
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
    effects.mail = this.#mailboxes.put(turn.mail, { seq: this.#row.seq + 1, at: draft.at }, draft.ops);
    // Last: where one of the others can't be stored, the state in memory is still that of the checkpoint before.
    if (turn.changed) this.#record.state.put(engine.state(), draft.ops);
    this.#orphan(turn.stopped, draft);
    for (const leaf of turn.stopped) {
      this.#dropJournal(leaf, draft);
      // The next life of a step function has the mailbox of the one before.
      const goesOn = turn.started.some(
        ({ path, incarnation }) => path === leaf.path && incarnation === leaf.incarnation,
      );
      if (!goesOn) this.#mailboxes.drop(leaf, draft.ops);
    }
  }

  /** Who waits for them is left. */
  #orphan(leaves: readonly Leaf[], draft: Draft): void {
    const { key } = this.#row;
    const orphans = leaves.flatMap((leaf) =>
      this.#waits.childrenOf(leaf).map(([id, child]) => ({ ...child, callId: cancelId(key, id) })),
    );
    if (orphans.length === 0) return;
    draft.effects.orphans = orphans;
    this.#record.put('orphans', orphans, 'orphans', draft.ops);
  }

  #dropJournal(leaf: Leaf, draft: Draft): void {
    for (const id of this.#record.idsFrom(journalPrefix(leaf))) {
      this.#record.remove(id, draft.ops);
      this.#waits.forget(id);
    }
  }

  /** What they have sent takes their place until it is taken: nothing would send it again. */
  #clearActions(arrival: Arrival, draft: Draft): void {
    this.#record.remove('actions', draft.ops);
    this.#record.remove('orphans', draft.ops);
    if (arrival.kind === 'message') this.#messages.drop(arrival.message, draft.ops);
    this.#messages.store(draft.ops);
  }

  #keepEnd(message: Message, draft: Draft): void {
    this.#onMessage(message);
    this.#messages.storeOne(message, draft.ops);
  }

  /** Fails the run: its state stays that of the checkpoint before, the error says why. */
  #fail(error: unknown, arrival: Arrival, draft: Draft): void {
    draft.ops.splice(0, Infinity);
    this.#record.unsettle();
    const leaves = this.#engine?.leaves ?? [];
    draft.effects = { ...NO_EFFECTS, stop: leaves };
    this.#engine = undefined;
    this.#orphan(leaves, draft);
    if (arrival.kind === 'event' || arrival.kind === 'control') this.#take(arrival.row, draft);
    this.#record.put('failure', error, 'error', draft.ops);
    draft.ops.push({ op: 'remove', id: 'actions' });
    draft.history = { kind: arrival.kind === 'start' ? 'start' : 'action', outcome: 'failed' };
  }

  #writeHead(arrival: Arrival, draft: Draft, { now, epoch, quiet }: Circumstances): void {
    const before = this.#row;
    const cancel = draft.cancel ?? before.cancel;
    const status = draft.cancelled ? 'cancelled' : this.#status(draft.effects, quiet, cancel);
    if (isClosed(status)) this.#messages.forgetStored(draft.ops);
    this.#row = headAfterArrival(before, {
      arrival,
      now,
      status,
      reasons: draft.reasons ?? before.reasons,
      cancel,
      nextDeadlineAt: this.#nextDeadline(cancel),
      children: this.#waits.children,
      progress: draft.progress ?? before.progress,
      definition: this.#definition(before),
      counts: draft.history !== undefined,
    });
    const { history, effects } = draft;
    const value = history && this.#value;
    pushHead(draft.ops, this.#row, { epoch, arrival: history, effects, value }, this.#historyLength);
  }

  /** Which definition wrote the run: until it is taken over, the one before. */
  #definition(row: RunRow): Pick<RunRow, 'version' | 'definition'> {
    if (!this.#engine || this.#foreign) return row;
    const { version, logic } = this.#workflow;
    this.#own ??= { version, definition: definitionHash(logic) };
    return this.#own;
  }

  /** Whether it only waits, though it is marked as running, or as queued for the slot that it has. */
  mayRest(quiet: Circumstances['quiet']): boolean {
    const { status, cancel } = this.#row;
    if (status !== 'running' && status !== 'queued') return false;
    return this.#status(NO_EFFECTS, quiet, cancel) === 'waiting';
  }

  /** How it stands, apart from a pause. */
  #status(effects: Effects, quiet: Circumstances['quiet'], cancel: RunRow['cancel']): RunStatus {
    if (this.closed) return this.#row.status;
    if (this.#record.has('failure')) return 'failed';
    if (!this.#engine) return this.#row.pausedFrom ?? this.#row.status;
    const toPerform = this.#record.has('actions') || this.#record.has('orphans');
    const status = STATUS_OF[standingOf(this.#engine.root).status];
    // A run is closed when its last actions are performed: a closed one is not taken up again.
    if (status !== 'running' && !toPerform) return cancel && status === 'done' ? 'cancelled' : status;
    if (cancel) return 'cancelling';
    if (status !== 'running') return 'running';
    const busy =
      toPerform ||
      !this.#messages.isEmpty ||
      this.#engine.leaves.some((leaf) => !this.#isWaiting(leaf, effects, quiet));
    return busy ? 'running' : 'waiting';
  }

  /** Whether nothing but a stored deadline or an event can move that leaf. What it is sent now may be such an event. */
  #isWaiting(leaf: Leaf, { start, entry, mail }: Effects, quiet: Circumstances['quiet']): boolean {
    if (start.includes(leaf) || (entry && isFinal(entry)) || mail.some((sent) => sent.leaf === leaf)) return false;
    return this.#waits.has(leaf) && quiet(leaf);
  }

  #nextDeadline(cancel: RunRow['cancel']): number | undefined {
    const timers = this.#engine?.timers;
    let first = Math.min(this.#waits.deadline, cancel?.by ?? Infinity);
    if (timers?.size && !this.#undoing) for (const { at } of timers.values()) first = Math.min(first, at);
    return first === Infinity ? undefined : first;
  }

  #learnWaits(leaf: Leaf): void {
    this.journal(leaf).forEach((entry, step) => {
      if (!isFinal(entry)) this.#waits.learn(journalId(leaf, step), entry);
    });
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
  learn(attachments: ReadonlyMap<string, Attached>): void {
    this.#record.learn(attachments);
  }

  /** Whether a leaf is a step function. */
  isSteps(leaf: LeafAddress): boolean {
    return isStepsActor(this.leafActor(leaf));
  }
}

const OUTCOME_OF = {
  completed: 'completed',
  failed: 'failed',
  retrying: 'retrying',
  exhausted: 'exhausted',
  sleeping: 'started',
  waiting: 'started',
  begun: 'started',
} as const satisfies Record<JournalEntry['status'], HistoryRow['arrival']['outcome']>;
