import { isHoldfastError } from '@holdfast/core';
import type { Acceptance, Attached, Ownership, RunRow, Store } from '@holdfast/core/store';
import { openFileStore } from '../file-store.js';
import type { FileSystem } from '../file-system.js';
import type { FileStoreReport } from '../report.js';
import { ManualTimers } from './open-simulated.test-support.js';
import { SimulatedSockets } from './simulated-sockets.test-support.js';

const INSTANT = Date.UTC(2026, 0, 1);
/** Small enough for several segments in one story. */
const SEGMENT_BYTES = 1500;

export const at = (run: string) => ({ workflow: 'mail', run });

function head(run: string, seq = 0): RunRow {
  const status = seq ? 'running' : 'queued';
  return { ...at(run), key: run, version: 1, seq, status, reasons: [], createdAt: INSTANT, updatedAt: INSTANT };
}

export function aStart(run: string, text?: string): Acceptance {
  const attachments = text === undefined ? [] : [{ id: 'photo', blob: new Blob([text]) }];
  return { kind: 'start', row: head(run), input: { text: '1' }, attachments };
}

export function anEvent(run: string, id: string, text?: string): Extract<Acceptance, { kind: 'inbox' }> {
  const attachments = text === undefined ? [] : [{ id: `photo of ${id}`, blob: new Blob([text]) }];
  const row = { ...at(run), lane: 'event', id, acceptedAt: INSTANT, body: { text: `"${id}"` } } as const;
  return { kind: 'inbox', row, attachments };
}

/** Some processes of a machine, which share a disk and reach each other. */
export class Machine {
  readonly sockets = new SimulatedSockets();
  readonly reports: FileStoreReport[] = [];
  readonly #alive = new Set<number>();

  /** Opens the store in the process of that pid. */
  open(pid: number, fileSystem: FileSystem): Promise<Store> {
    this.#alive.add(pid);
    const processes = { self: () => ({ pid }), isAlive: ({ pid }: { pid: number }) => this.#alive.has(pid) };
    return openFileStore({
      directory: '/store',
      fileSystem,
      processes,
      segmentBytes: SEGMENT_BYTES,
      onReport: (report) => this.reports.push(report),
      sockets: this.sockets.of(pid),
      timers: new ManualTimers(),
    });
  }

  kill(pid: number): void {
    this.#alive.delete(pid);
    this.sockets.kill(pid);
  }
}

/** What a sender was told, by what it sent. */
export class Ledger {
  readonly sent: string[] = [];
  readonly accepted = new Set<string>();

  /** Sends; a refusal, and any failure, is taken for what it is: not accepted. */
  async send(store: Store | undefined, acceptance: Acceptance): Promise<void> {
    const name = acceptance.kind === 'start' ? acceptance.row.run : acceptance.row.id;
    this.sent.push(name);
    try {
      await store?.accept(acceptance);
      if (store) this.accepted.add(name);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
    }
  }
}

/** Takes all events of a run, as a host does: a checkpoint each, whose arrival names the event. */
export async function takeAll(store: Store, { epoch }: Ownership, run: string): Promise<void> {
  for (const { n, id } of await store.inbox(at(run))) {
    const after = (await store.head(at(run)))?.seq ?? 0;
    const row = {
      seq: after + 1,
      at: INSTANT,
      epoch,
      arrival: { kind: 'event', name: id },
      status: 'running',
    } as const;
    await store.commit({
      ...at(run),
      epoch,
      after,
      durability: 'strict',
      ops: [
        { op: 'run', row: head(run, after + 1) },
        { op: 'history', row },
        { op: 'taken', n },
      ],
    });
  }
}

/** What is wrong with what a new owner finds: what was accepted is done once, in its order; what was not, at most once. */
export async function audit(store: Store, ownership: Ownership, { sent, accepted }: Ledger): Promise<string[]> {
  const problems: string[] = [];
  const runs = (await store.list()).rows.map(({ run }) => run);
  const starts = sent.filter((name) => name.startsWith('run-'));
  for (const name of starts) if (accepted.has(name) && !runs.includes(name)) problems.push(`lost: start of ${name}`);
  for (const run of runs) if (run !== 'r' && !starts.includes(run)) problems.push(`invented: ${run}`);
  const photo = runs.includes('run-photo') ? (await store.load(at('run-photo')))?.attachments.get('photo') : undefined;
  if (accepted.has('run-photo') && (await textOf(photo)) !== 'of a run') problems.push('lost: the photo of a run');
  const loaded = await store.load(at('r'));
  const sentPhoto = loaded?.attachments.get('photo of event-photo');
  if (accepted.has('event-photo') && (await textOf(sentPhoto)) !== 'of an event') {
    problems.push('lost: the photo of an event');
  }
  if (loaded) await takeAll(store, ownership, 'r');
  const done = (await store.history(at('r'))).map(({ arrival }) => arrival.name ?? '');
  for (const name of sent.filter((name) => name.startsWith('event-'))) {
    const times = done.filter((one) => one === name).length;
    if (times > 1) problems.push(`repeated: ${name}, ${times} times`);
    if (times === 0 && accepted.has(name)) problems.push(`lost: ${name}`);
  }
  const order = done.filter((name) => accepted.has(name));
  if (order.join() !== sent.filter((name) => order.includes(name)).join()) problems.push(`out of order: ${order}`);
  return problems;
}

const textOf = (attached: Attached | undefined) => (attached as Blob | undefined)?.text();
