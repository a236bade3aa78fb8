import { encode } from '../codec/index.js';
import { RunRecord } from '../decide/run-record.js';
import { actorRefReducers, type EngineState } from '../engine/index.js';
import { isHoldfastError } from '../errors/index.js';
import type { HistoryRow, StoredValue } from '../records/records.js';
import type { LedgerLine, Outcome } from './lead.js';

export interface CompareOptions {
  /** Parallel parts may end in another order after a crash. */
  readonly unordered: boolean;
  /** Work under way takes time, so that after a crash it may end later. */
  readonly untimed: boolean;
}

/**
 * The first way in which a run that crashed came out otherwise than the undisturbed one; undefined when there is none.
 * What may differ is left out: who wrote a checkpoint, and the stacks of errors.
 */
export function difference(calm: Outcome, crashed: Outcome, options: CompareOptions): string | undefined {
  return (
    differentErrors(calm, crashed) ??
    differentStatus(calm, crashed) ??
    differentHistory(calm, crashed, options) ??
    differentValues(calm, crashed, options) ??
    misplacedAttachment(crashed) ??
    differentEffects(calm, crashed, options) ??
    differentWorld(calm, crashed)
  );
}

function differentErrors(calm: Outcome, crashed: Outcome): string | undefined {
  const known = new Set(calm.errors.map(describe));
  const news = crashed.errors.map(describe).find((error) => !known.has(error));
  return news && `The host told of an error: ${news}`;
}

function differentStatus(calm: Outcome, crashed: Outcome): string | undefined {
  const [was, is] = [calm, crashed].map(({ tables, address }) => {
    const stored = tables.load(address);
    const { status, reasons, progress, seq } = stored?.row ?? {};
    return { status, reasons, progress, seq, inbox: stored?.inbox.length };
  });
  return unequal('head of the run', JSON.stringify(was), JSON.stringify(is));
}

function differentHistory(calm: Outcome, crashed: Outcome, options: CompareOptions): string | undefined {
  const [was, is] = [calm, crashed].map(({ tables, address }) => {
    const lines = tables.history(address, { limit: Number.POSITIVE_INFINITY }).map((row) => historyLine(row, options));
    return options.unordered ? lines.sort() : lines;
  }) as [string[], string[]];
  for (let i = 0; i < Math.max(was.length, is.length); i++) {
    if (was[i] !== is[i]) return unequal(`checkpoint ${i + 1}`, was[i], is[i]);
  }
  return undefined;
}

function historyLine(row: HistoryRow, { unordered, untimed }: CompareOptions): string {
  const { seq, at, status, value, effects } = row;
  // A step in flight begins again: when it began is of the life that ended it.
  const { startedAt: _, ...arrival } = row.arrival;
  if (unordered) return JSON.stringify({ arrival, effects });
  // Whether work is under way, or only waits, is not known yet while a function is being run again.
  const closed = status === 'running' || status === 'waiting' ? 'open' : status;
  return JSON.stringify({ seq, arrival, status: closed, value, effects, ...(untimed ? {} : { at }) });
}

function differentValues(calm: Outcome, crashed: Outcome, options: CompareOptions): string | undefined {
  const [was, is] = [calm, crashed].map((outcome) => valuesOf(outcome, options)) as [
    Map<string, string>,
    Map<string, string>,
  ];
  for (const id of new Set([...was.keys(), ...is.keys()])) {
    if (was.get(id) !== is.get(id)) return unequal(`stored value "${id}"`, was.get(id), is.get(id));
  }
  return undefined;
}

/** Each that a value or a waiting event refers to is stored, and no other. */
function misplacedAttachment({ tables, address }: Outcome): string | undefined {
  const { values, inbox, attachments } = tables.load(address) ?? {
    values: new Map(),
    inbox: [],
    attachments: new Map(),
  };
  const holders = [...values.values(), ...inbox.map(({ body }) => body)] as readonly StoredValue[];
  const used = new Set(holders.flatMap(({ attachments = [] }) => attachments));
  for (const id of used) if (!attachments.has(id)) return `Attachment "${id}" is referred to, and not stored.`;
  for (const id of attachments.keys())
    if (!used.has(id)) return `Attachment "${id}" is stored, and nothing refers to it.`;
  return undefined;
}

function valuesOf({ tables, address }: Outcome, { unordered, untimed }: CompareOptions): Map<string, string> {
  const stored = tables.load(address);
  const record = stored && new RunRecord(stored);
  const text = (id: string) => {
    if (id === 'state') {
      // Of what stands in it some tells when it was stored, which may differ.
      const { snapshot, ...rest } = (record?.state.read() ?? {}) as Partial<EngineState>;
      return encode(unordered || untimed ? snapshot : { snapshot, ...rest }, id, actorRefReducers).text;
    }
    return unordered || untimed ? '' : (stored?.values.get(id)?.text ?? '');
  };
  // How many changes a state is told by depends on when the run was taken up.
  const ids = [...(stored?.values.keys() ?? [])].filter((id) => !id.startsWith('state/'));
  return new Map(ids.map((id) => [id, stackless(text(id))]));
}

/** Where an error was thrown from depends on whether its function was run for the first time. */
function stackless(text: string): string {
  return text.replaceAll(/(?:\\n\s+at (?:[^"\\]|\\.)*)/g, '');
}

function differentEffects(calm: Outcome, crashed: Outcome, options: CompareOptions): string | undefined {
  const crashes = crashed.moments.length - 1;
  return (
    differentCounts(calm.ledger, crashed.ledger, crashes, options) ??
    repeatedCompletion(crashed) ??
    (options.unordered ? undefined : differentActions(calm.ledger, crashed.ledger))
  );
}

/** Each effect happens as often as without crashes, or once more for each crash; events that were emitted may be lost. */
function differentCounts(
  calm: readonly LedgerLine[],
  crashed: readonly LedgerLine[],
  crashes: number,
  { unordered }: CompareOptions,
): string | undefined {
  // Actions are compared checkpoint by checkpoint, where there is an order.
  const counted = ({ kind }: LedgerLine) => unordered || kind !== 'action';
  const [was, is] = [counts(calm.filter(counted)), counts(crashed.filter(counted))];
  for (const effect of new Set([...was.keys(), ...is.keys()])) {
    const [expected = 0, found = 0] = [was.get(effect), is.get(effect)];
    const least = effect.startsWith('emit') ? 0 : expected;
    const most = effect.startsWith('action') ? expected * (1 + crashes) : expected === 0 ? 0 : expected + crashes;
    if (found >= least && found <= most) continue;
    return `Effect "${effect}" happened ${times(found)}; without a crash ${times(expected)}.`;
  }
  return undefined;
}

function counts(ledger: readonly LedgerLine[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of ledger) found.set(nameOf(line), (found.get(nameOf(line)) ?? 0) + 1);
  return found;
}

function nameOf({ kind, actor, name, idempotencyKey, attempt }: LedgerLine): string {
  const key = idempotencyKey === undefined ? '' : ` (key ${idempotencyKey}, attempt ${attempt})`;
  return kind === 'actor' || kind === 'live'
    ? `${kind} ${name}`
    : `${kind} ${name}${actor ? ` of ${actor}` : ''}${key}`;
}

/** A try whose end is stored is over: no later host performs it again. */
function repeatedCompletion({ ledger, tables, address }: Outcome): string | undefined {
  const storedAt = new Map<string, number>();
  for (const { seq, arrival } of tables.history(address, { limit: Number.POSITIVE_INFINITY })) {
    if (arrival.kind === 'step') storedAt.set(`${arrival.name}/${arrival.attempts}`, seq);
  }
  const again = ledger.find(({ kind, name, attempt, seq }) => {
    const stored = storedAt.get(`${name}/${attempt}`);
    return kind === 'step' && stored !== undefined && seq >= stored && isAlone(ledger, name, attempt);
  });
  return again && `Step "${again.name}" was performed again after its result was stored.`;
}

/** Whether only one actor has that step: the history doesn't tell whose it was. */
function isAlone(ledger: readonly LedgerLine[], name: string, attempt: number | undefined): boolean {
  const keys = ledger.filter((line) => line.kind === 'step' && line.name === name && line.attempt === attempt);
  return new Set(keys.map(({ idempotencyKey }) => idempotencyKey)).size === 1;
}

/** The actions of a checkpoint are performed in their order, from the first on; the last host to do so performs all. */
function differentActions(calm: readonly LedgerLine[], crashed: readonly LedgerLine[]): string | undefined {
  const [was, is] = [byCheckpoint(calm), byCheckpoint(crashed)];
  for (const seq of new Set([...was.keys(), ...is.keys()])) {
    const [expected = []] = was.get(seq)?.values() ?? [];
    const lives = [...(is.get(seq)?.values() ?? [])];
    const wrong = lives.find((life) => life.some((name, index) => name !== expected[index]));
    if (wrong) return unequal(`actions after checkpoint ${seq}`, expected.join(', '), wrong.join(', '));
    const last = lives.at(-1) ?? [];
    if (last.length < expected.length)
      return unequal(`actions after checkpoint ${seq}`, expected.join(', '), last.join(', '));
  }
  return undefined;
}

function byCheckpoint(ledger: readonly LedgerLine[]): Map<number, Map<number, string[]>> {
  const found = new Map<number, Map<number, string[]>>();
  for (const line of ledger.filter(({ kind }) => kind === 'action')) {
    const lives = found.get(line.seq) ?? new Map<number, string[]>();
    found.set(line.seq, lives.set(line.life, [...(lives.get(line.life) ?? []), nameOf(line)]));
  }
  return found;
}

function differentWorld(calm: Outcome, crashed: Outcome): string | undefined {
  const see = ({ observed }: Outcome) => encode(observed, 'result of observe()').text;
  return unequal('world that observe() saw', see(calm), see(crashed));
}

const SHOWN = 200;

/** Says how two texts differ, from a little before the place where they do. */
function unequal(what: string, was: string | undefined, is: string | undefined): string | undefined {
  if (was === is) return undefined;
  let same = 0;
  while (was !== undefined && is !== undefined && same < was.length && was[same] === is[same]) same++;
  const from = Math.max(0, same - 60);
  const show = (text: string | undefined) =>
    text === undefined ? 'nothing' : `${from > 0 ? '…' : ''}${text.slice(from, from + SHOWN)}`;
  return `The ${what} is not the same.\n    without a crash: ${show(was)}\n    with it:         ${show(is)}`;
}

function describe(error: unknown): string {
  return isHoldfastError(error) ? `${error.code}: ${error.message}` : String(error);
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
