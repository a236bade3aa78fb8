import type { EngineState, TimerRow } from '../engine/index.js';
import type { InboxRow, RunRow, StoredRun } from '../records/records.js';
import type { JournalEntry } from '../steps/journal.js';
import { type DeadLetter, deadLetters } from './dead-letters.js';
import { RunRecord } from './run-record.js';

/** One step, sleep, wait or child of a step function, as its journal has it. Instants in ms. */
export interface InspectedStep extends Omit<JournalEntry, 'order' | 'nested' | 'undo'> {
  readonly name: string;
  /** Path of the step function; '' is the run itself. */
  readonly actor: string;
}

export interface InspectedTimer {
  /** Deadline, an instant (ms). */
  readonly at: number;
  /** Path of the actor that gets the event; '' is the run itself. */
  readonly actor: string;
  readonly event: string;
}

/** What was accepted and not yet processed; `body` is the event, or what a control asks for. */
export interface InspectedInboxRow extends Pick<InboxRow, 'n' | 'lane' | 'id' | 'acceptedAt'> {
  readonly body: unknown;
}

/** A stored run, for people: values are decoded, record ids are read. */
export interface InspectedRun {
  readonly row: RunRow;
  readonly input: unknown;
  /** State value of a machine; undefined for a step function, and before the first checkpoint. */
  readonly value: unknown;
  readonly output: unknown;
  readonly error: unknown;
  /** In the order in which they began. */
  readonly steps: readonly InspectedStep[];
  /** Earliest first. */
  readonly timers: readonly InspectedTimer[];
  readonly inbox: readonly InspectedInboxRow[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Reads a stored run without its workflow's code: nothing is restored, and nothing of it is changed. */
export function inspectRun(stored: StoredRun): InspectedRun {
  const record = new RunRecord(stored);
  const { snapshot } = (record.state.read() ?? {}) as Partial<EngineState>;
  return {
    row: stored.row,
    input: record.read('input'),
    value: snapshot?.value,
    output: snapshot?.output,
    error: record.has('failure') ? record.read('failure') : snapshot?.error,
    steps: record
      .idsFrom('journal/')
      .map((id) => stepAt(id, record.read(id) as JournalEntry))
      .sort((a, b) => a.startedAt - b.startedAt),
    timers: timersOf(record),
    inbox: stored.inbox.map(({ n, lane, id, acceptedAt, body }) => {
      return { n, lane, id, acceptedAt, body: record.decode(body) };
    }),
    deadLetters: deadLetters(record),
  };
}

/** Record ids of a journal are `journal/<path>#<incarnation>/<step>`. */
function stepAt(id: string, { order: _order, nested: _nested, undo: _undo, ...entry }: JournalEntry): InspectedStep {
  const actor = id.slice('journal/'.length, id.lastIndexOf('#'));
  return { name: decodeURIComponent(id.slice(id.lastIndexOf('/') + 1)), actor, ...entry };
}

function timersOf(record: RunRecord): InspectedTimer[] {
  const timers = (record.read('timers') ?? new Map()) as ReadonlyMap<string, TimerRow>;
  return [...timers.values()]
    .map(({ at, to, event }) => ({ at, actor: to, event: event.type }))
    .sort((a, b) => a.at - b.at);
}
