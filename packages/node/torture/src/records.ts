import type { HistoryRow, InboxRow, RunAddress, RunRow } from '@holdfast/core/store';
import type { RunState } from './run-state.js';

const INSTANT = Date.UTC(2026, 0, 1);

/** The records that stand for the model's words: one way to write them, and to know them again. */

export const at = (run: string): RunAddress => ({ workflow: 'torture', run });

export function rowOf(run: string, { seq, stamp, status }: NonNullable<RunState['row']>): RunRow {
  const times = { createdAt: INSTANT, updatedAt: INSTANT + stamp };
  const labels = { stamp: String(stamp) };
  return { ...at(run), key: `${run}/${stamp}`, version: 1, seq, status, reasons: [], labels, ...times };
}

export function historyRow(seq: number): HistoryRow {
  return { seq, at: INSTANT + seq, epoch: 1, arrival: { kind: 'event', name: `E${seq}` }, status: 'running' };
}

export function inboxRow(run: string, event: string, files: readonly string[]): Omit<InboxRow, 'n'> {
  const body = { text: JSON.stringify(event), ...(files.length > 0 ? { attachments: files } : {}) };
  return { ...at(run), lane: 'event', id: event, acceptedAt: INSTANT, body };
}

export const storedText = (text: string) => ({ text: JSON.stringify(text) });

/** Of every second id a File, of the others a Blob. */
export function blobOf(id: string, text: string): Blob {
  return id.endsWith('f')
    ? new File([text], `${id}.txt`, { type: 'text/plain', lastModified: INSTANT })
    : new Blob([text], { type: 'image/png' });
}
