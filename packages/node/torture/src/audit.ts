import { isDeepStrictEqual } from 'node:util';
import type { HistoryRow, InboxRow, RunStatus, Store, StoredRun } from '@holdfast/core/store';
import type { Alternative, Ledger, RunLedger, SentEvent } from './ledger.js';
import { at, blobOf, historyRow, inboxRow, rowOf, storedText } from './records.js';
import type { RunState } from './run-state.js';

const EVERY_STATUS: RunStatus[] = ['queued', 'running', 'waiting', 'paused', 'cancelling', 'done', 'failed'];
const ALL: RunStatus[] = [...EVERY_STATUS, 'cancelled', 'pruned'];

/** What a store shows of a run. */
export interface Seen {
  readonly stored: StoredRun | undefined;
  readonly history: readonly HistoryRow[];
  readonly files: ReadonlyMap<string, string>;
}

/** What was found, and what of it can't be. */
export interface Findings {
  readonly problems: string[];
  /** Of every run that is as it may be: the ask that made it so, and the events in its inbox with their `n`. */
  readonly found: ReadonlyMap<string, { readonly id: number; readonly inbox: ReadonlyMap<string, number> }>;
}

/** Reads everything there is in a store, and compares. */
export async function audit(store: Store, ledger: Ledger): Promise<Findings> {
  const problems = [...ledger.problems];
  const found = new Map<string, { id: number; inbox: Map<string, number> }>();
  const listed = new Map((await store.list({ status: ALL, limit: 10_000 })).rows.map((row) => [row.run, row]));
  for (const [run, runLedger] of ledger.runs) {
    const seen = await see(store, run);
    const match = runLedger.possible.findLast((one) => fits(run, one.state, runLedger, seen));
    if (match) found.set(run, { id: match.id, inbox: new Map(seen.stored?.inbox.map(({ id, n }) => [id, n])) });
    else problems.push(`${run}: ${whatIsWrong(run, runLedger, seen)}`);
    const head = listed.get(run);
    if (!isDeepStrictEqual(head, seen.stored?.row)) problems.push(`${run}: half: the list shows another head`);
    listed.delete(run);
  }
  for (const run of listed.keys()) problems.push(`${run}: invented`);
  const numbers = (await store.inbox()).map(({ n }) => n);
  if (numbers.some((n, index) => index > 0 && n <= (numbers[index - 1] as number))) {
    problems.push(`invented: the inbox is numbered ${numbers}`);
  }
  return { problems, found };
}

export async function see(store: Store, run: string): Promise<Seen> {
  const stored = await store.load(at(run));
  const history = await store.history(at(run), { limit: 10_000 });
  const files = new Map<string, string>();
  for (const [id, blob] of stored?.attachments ?? []) files.set(id, await shown(blob as Blob));
  return { stored, history, files };
}

const shown = async (blob: Blob) =>
  JSON.stringify([await blob.text(), blob.type, blob instanceof File ? [blob.name, blob.lastModified] : []]);

/** Whether what is seen may be a run in that state. `lenient`: whatever events there are, and,
 * of one that is gone, whatever history: another process may read that before it hears of the end. */
export function fits(run: string, state: RunState, ledger: RunLedger, seen: Seen, lenient = false): boolean {
  const { stored, history } = seen;
  if (!state.row || !stored) return !state.row && !stored && (lenient || history.length === 0);
  if (!isDeepStrictEqual(stored.row, rowOf(run, state.row))) return false;
  const values = new Map(Object.entries(state.values).map(([id, text]) => [id, storedText(text)]));
  if (!isDeepStrictEqual(new Map(stored.values), values)) return false;
  if (!isDeepStrictEqual(history, state.history.map(historyRow))) return false;
  const events = eventsOf(ledger, state);
  if (!lenient && !fitsInbox(run, events, state, stored.inbox)) return false;
  return fitsFiles(state, events, seen, lenient);
}

const eventsOf = ({ events }: RunLedger, { life }: RunState) => events.filter((event) => event.life === life);

function fitsInbox(run: string, events: SentEvent[], { taken }: RunState, inbox: readonly InboxRow[]): boolean {
  const left = new Map(inbox.map((row) => [row.id, row]));
  if (left.size !== inbox.length) return false;
  for (const { id, outcome, n, files } of events) {
    const row = left.get(id);
    left.delete(id);
    const mayBe = outcome !== 'refused' && !taken.includes(id);
    if (row && !mayBe) return false;
    if (!row && mayBe && outcome === 'queued') return false;
    if (row && outcome === 'queued' && n > 0 && row.n !== n) return false;
    if (row && !isDeepStrictEqual({ ...row, n: 0 }, { ...inboxRow(run, id, Object.keys(files)), n: 0 })) return false;
  }
  return left.size === 0;
}

function fitsFiles(state: RunState, events: SentEvent[], { stored, files }: Seen, lenient: boolean): boolean {
  const inbox = new Set(stored?.inbox.map(({ id }) => id));
  const there = events.filter(({ id, outcome }) => (outcome === 'queued' && !lenient) || inbox.has(id));
  const expected = { ...Object.assign({}, ...there.map((event) => event.files)), ...state.files };
  if (!lenient && files.size !== Object.keys(expected).length) return false;
  return Object.entries(expected).every(([id, text]) => files.get(id) === shownSync(id, text as string));
}

function shownSync(id: string, text: string): string {
  const blob = blobOf(id, text);
  return JSON.stringify([text, blob.type, blob instanceof File ? [blob.name, blob.lastModified] : []]);
}

function whatIsWrong(run: string, ledger: RunLedger, seen: Seen): string {
  const describe = ({ id, state }: Alternative) => `#${id} ${state.row ? `seq ${state.row.seq}` : 'absent'}`;
  const wanted = `may be ${ledger.possible.map(describe).join(' or ')}`;
  const older = ledger.past.find(({ state }) => fits(run, state, ledger, seen, true));
  const same = ledger.possible.find(({ state }) => fits(run, state, ledger, seen, true));
  const inbox = seen.stored?.inbox.map(({ id }) => id).join() ?? '';
  if (same) return `lost, repeated or invented: an event or attachment: inbox ${inbox}, ${wanted}`;
  if (older) return `lost: it is ${describe(older)}, ${wanted}`;
  const row = seen.stored?.row;
  const found = `${row ? `seq ${row.seq}, stamp ${row.key}` : 'absent'}, inbox ${inbox}`;
  return `half or invented: ${found}, values ${[...(seen.stored?.values.keys() ?? [])]}, attachments ${[...seen.files.keys()]}, ${wanted}`;
}

/** From now on the ledger takes what was found for certain. */
export function settle(ledger: Ledger, { found }: Findings): void {
  for (const [run, { id, inbox }] of found) ledger.settle(run, id, inbox);
}
