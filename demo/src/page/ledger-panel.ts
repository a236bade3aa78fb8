import { byId, element, setText } from './element.js';

/** What `GET /api/ledger` answers with. */
export interface LedgerView {
  readonly executed: number;
  readonly repeated: number;
  readonly conflicting: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly connections: 'open' | 'dropped';
  readonly entries: readonly { step: string; attempts: number; executed: number }[];
}

/** The ledger's part of one album; undefined when the server can't be reached. */
export async function readLedger(album: string): Promise<LedgerView | undefined> {
  try {
    const response = await fetch(`/api/ledger?album=${encodeURIComponent(album)}`);
    return response.ok ? ((await response.json()) as LedgerView) : undefined;
  } catch {
    return undefined; // shown as "can't be reached": the page asks again
  }
}

export function showLedger(ledger: LedgerView | undefined): void {
  setText(
    byId('ledger-line'),
    ledger ? lineOf(ledger) : "The server can't be reached: these are its last known numbers.",
  );
  if (ledger) showSums(ledger);
}

function showSums({ executed, repeated, inFlight, entries }: LedgerView): void {
  setText(byId('ledger-executed'), String(executed));
  setText(byId('ledger-repeated'), String(repeated));
  setText(byId('ledger-flight'), String(inFlight));
  byId('ledger-repeated').dataset.tone = repeated > 0 ? 'warn' : 'good';
  byId('ledger-repeats').replaceChildren(...entries.filter(({ attempts }) => attempts > 1).map(repeatLine));
}

function lineOf({ executed, repeated, conflicting }: LedgerView): string {
  if (conflicting > 0) return `${conflicting} requests came with a key that belongs to another one.`;
  if (executed === 0) return 'What the server did, by its own record on disk.';
  if (repeated === 0) return 'Nothing was asked for twice.';
  return 'Cut off in flight, asked for again with the same key, executed once:';
}

function repeatLine({ step, attempts, executed }: LedgerView['entries'][number]): HTMLElement {
  return element('li', {}, element('code', {}, step), ` asked ${attempts}×, executed ${executed}×`);
}
