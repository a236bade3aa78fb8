import { inspect } from 'node:util';
import type { DeadLetter, HistoryRow } from '@holdfast/core';
import type { InspectedInboxRow, InspectedRun, InspectedStep, InspectedTimer } from '@holdfast/core/host';
import { progressOf, statusOf, styleOf } from './run-lines.js';
import { addressOf } from './store-at.js';
import { type Column, table } from './table.js';
import { paint, plain, type Style, type Terminal } from './terminal.js';
import { fromNow, inWords, localTime } from './times.js';

/** Longest form of a value in a table, in characters. */
const VALUE_LENGTH = 200;

/** A run as `show` prints it: what it is, its checkpoints, its steps, and what it waits for. */
export function timeline(
  run: InspectedRun,
  history: readonly HistoryRow[],
  now: number,
  terminal: Pick<Terminal, 'colours' | 'width'>,
): string[] {
  const section = <T>(title: string, rows: readonly T[], columns: Column<T>[]) =>
    rows.length === 0 ? [] : ['', paint(terminal, 'bold', title), ...table(rows, columns, terminal)];
  return [
    ...heading(run, now, terminal),
    ...section('Checkpoints', history, checkpointColumns(run.row.createdAt)),
    ...section('Steps', run.steps, stepColumns(now)),
    ...section('Timers', run.timers, timerColumns(now)),
    ...section('Inbox', run.inbox, INBOX_COLUMNS),
    ...section('Dead letters', run.deadLetters, DEAD_LETTER_COLUMNS),
  ];
}

function heading({ row, ...run }: InspectedRun, now: number, terminal: Pick<Terminal, 'colours'>): string[] {
  const took = inWords((row.closedAt ?? now) - row.createdAt);
  const lines: [string, string | undefined][] = [
    ['status', paint(terminal, styleOf(row), statusOf(row))],
    ['version', String(row.version)],
    ['started', localTime(row.createdAt)],
    [row.closedAt === undefined ? 'for' : 'took', took],
    ['progress', progressOf(row)],
    ['parent', row.parent && plain(addressOf(row.parent))],
    ['deadline', row.nextDeadlineAt === undefined ? undefined : deadline(row.nextDeadlineAt, now)],
    ['state', run.value === undefined ? undefined : shown(run.value)],
    ['input', run.input === undefined ? undefined : shown(run.input)],
    ['output', run.output === undefined ? undefined : shown(run.output)],
    ['error', run.error === undefined ? undefined : paint(terminal, 'red', messageOf(run.error))],
  ];
  const told = lines.filter(([, value]) => value);
  return [
    paint(terminal, 'bold', plain(addressOf(row))),
    ...told.map(([name, value]) => `  ${name.padEnd(9)}${value}`),
  ];
}

function checkpointColumns(startedAt: number): Column<HistoryRow>[] {
  return [
    { title: '#', cell: ({ seq }) => String(seq) },
    { title: 'AT', cell: ({ at }) => localTime(at) },
    { title: 'AFTER', cell: ({ at }) => `+${inWords(at - startedAt)}` },
    {
      title: 'ARRIVAL',
      cell: ({ arrival }) => plain([arrival.kind, arrival.name].filter(Boolean).join(' ')),
      gives: true,
    },
    { title: 'OUTCOME', cell: ({ arrival }) => arrival.outcome ?? '', style: ({ arrival }) => outcomeStyle(arrival) },
    { title: 'TRIES', cell: ({ arrival }) => String(arrival.attempts || '') },
    { title: 'TOOK', cell: stepTook },
    { title: 'STATUS', cell: ({ status }) => status, style: styleOf },
    { title: 'STATE', cell: ({ value }) => (value === undefined ? '' : shown(value)), gives: true },
    { title: 'HOST', cell: ({ epoch }) => String(epoch) },
  ];
}

/** From the first try on; of what is not over it is not told. */
function stepTook({ at, arrival: { outcome, startedAt } }: HistoryRow): string {
  const isOver = outcome === 'completed' || outcome === 'failed';
  return isOver && startedAt !== undefined ? inWords(at - startedAt) : '';
}

function outcomeStyle({ outcome }: HistoryRow['arrival']): Style | undefined {
  if (outcome === 'failed' || outcome === 'exhausted' || outcome === 'refused') return 'red';
  return outcome === 'retrying' ? 'yellow' : undefined;
}

function stepColumns(now: number): Column<InspectedStep>[] {
  return [
    { title: 'NAME', cell: ({ actor, name }) => plain(actor ? `${actor}: ${name}` : name), gives: true },
    { title: 'KIND', cell: ({ kind }) => kind },
    { title: 'STATUS', cell: ({ status }) => status, style: stepStyle },
    { title: 'TRIES', cell: ({ kind, attempts }) => (kind === 'step' ? String(attempts) : '') },
    { title: 'TOOK', cell: tookOf },
    { title: 'UNTIL', cell: ({ until }) => (until === undefined ? '' : fromNow(until, now)) },
    { title: 'RESULT', cell: resultOf, gives: true },
  ];
}

function stepStyle({ status }: InspectedStep): Style | undefined {
  if (status === 'completed') return 'green';
  return status === 'failed' || status === 'exhausted' ? 'red' : 'yellow';
}

/** Only what is over has taken its time: the end of all else is that of what was last stored of it. */
function tookOf({ status, startedAt, endedAt }: InspectedStep): string {
  return status === 'completed' || status === 'failed' ? inWords(endedAt - startedAt) : '';
}

function resultOf({ output, error, types, child }: InspectedStep): string {
  if (error !== undefined) return messageOf(error);
  if (output !== undefined) return shown(output);
  if (types) return plain(`for ${types.join(', ')}`);
  return child ? plain(addressOf(child)) : '';
}

function timerColumns(now: number): Column<InspectedTimer>[] {
  return [
    { title: 'DUE', cell: ({ at }) => deadline(at, now) },
    { title: 'EVENT', cell: ({ event }) => plain(event), gives: true },
    { title: 'ACTOR', cell: ({ actor }) => plain(actor), gives: true },
  ];
}

const INBOX_COLUMNS: Column<InspectedInboxRow>[] = [
  { title: 'ACCEPTED', cell: ({ acceptedAt }) => localTime(acceptedAt) },
  { title: 'LANE', cell: ({ lane }) => lane },
  { title: 'WHAT', cell: ({ body }) => shown(body), gives: true },
  { title: 'ID', cell: ({ id }) => plain(id), gives: true },
];

const DEAD_LETTER_COLUMNS: Column<DeadLetter>[] = [
  { title: 'REFUSED', cell: ({ refusedAt }) => localTime(refusedAt) },
  { title: 'EVENT', cell: ({ event }) => shown(event), gives: true },
  { title: 'CODE', cell: ({ code }) => code },
  { title: 'WHY', cell: ({ message }) => plain(message), gives: true },
];

function deadline(at: number, now: number): string {
  return `${localTime(at)} (${fromNow(at, now)})`;
}

/** A value in one line. */
function shown(value: unknown): string {
  const text = plain(inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 4 }));
  return text.length > VALUE_LENGTH ? `${text.slice(0, VALUE_LENGTH - 1)}…` : text;
}

function messageOf(error: unknown): string {
  return plain(error instanceof Error ? error.message : String(error));
}
