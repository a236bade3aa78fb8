import type { HistoryRow } from '@holdfast/core';
import { hideAlbum, showAlbum } from './album-panel.js';
import { showApproval } from './approval-panel.js';
import { CheckpointList } from './checkpoint-list.js';
import { byId } from './element.js';
import { showNetwork } from './harm-panel.js';
import type { ImportRun, ImportSnapshot, KnownImport } from './holdfast.js';
import { latest } from './latest.js';
import { readLedger, showLedger } from './ledger-panel.js';
import { PhotoList } from './photo-list.js';
import { countOf, stagesOf } from './stages.js';
import { hideState, showState, showTrouble } from './state-panel.js';

/**
 * Owns what the page shows of one import: its subscription, and its checkpoints so far.
 *
 * 1. Everything on the screen comes from the run, its history, the run's row and the server: nothing is remembered here.
 * 2. After `close`, nothing that was under way is shown any more.
 */
export class ImportView {
  readonly #id: string;
  readonly #run: ImportRun;
  readonly #photos = new PhotoList();
  readonly #checkpoints = new CheckpointList();
  readonly #unsubscribe: () => void;
  #rows: readonly HistoryRow[] = [];
  #deadlineAt: number | undefined;
  #albumShown = false;
  #closed = false;

  constructor(id: string, run: ImportRun, failed: (error: unknown) => void) {
    this.#id = id;
    this.#run = run;
    const reported = (error: unknown) => {
      if (!this.#closed) failed(error);
    };
    const readRows = latest(() => this.#readRows(), reported);
    this.refreshLedger = latest(() => this.#readLedger(), reported);
    const { unsubscribe } = run.subscribe((snapshot) => {
      this.#show();
      if (isThere(snapshot)) readRows();
      this.refreshLedger();
    });
    this.#unsubscribe = unsubscribe;
    byId('start-anew').hidden = false;
    this.refreshLedger();
  }

  get id(): string {
    return this.#id;
  }

  get run(): ImportRun {
    return this.#run;
  }

  /** Asks the server for its ledger, and shows it. */
  readonly refreshLedger: () => void;

  /** @param at instant (ms) of the run's next timer. */
  setDeadline(at: number | undefined): void {
    this.#deadlineAt = at;
    this.#show();
  }

  /** Once a second: what changes with time alone. */
  tick(): void {
    if (this.#run.getSnapshot().status !== 'active') return;
    this.#show();
    this.refreshLedger();
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#photos.clear();
    this.#checkpoints.clear();
    hideState();
    hideAlbum();
    showApproval(false, undefined);
    showLedger({ executed: 0, repeated: 0, conflicting: 0, failed: 0, inFlight: 0, connections: 'open', entries: [] });
    byId('start-anew').hidden = true;
    byId('stop').hidden = true;
  }

  #show(): void {
    const snapshot = this.#run.getSnapshot();
    if (this.#closed) return;
    if (isThere(snapshot)) this.#showRun(snapshot);
    else showTrouble(snapshot.run.problem?.message);
  }

  #showRun(snapshot: KnownImport): void {
    const { value, progress } = snapshot;
    const { photos, skipped, problem } = snapshot.context;
    const count = countOf(this.#rows, photos.length, skipped.length);
    const passed = new Set(this.#rows.map((row) => row.value));
    showState({ value, passed, photos: photos.length, count, progress, problem, trouble: troubleOf(snapshot) });
    this.#photos.show(photos, stagesOf(this.#rows), skipped);
    this.#checkpoints.show(this.#rows);
    showApproval(value === 'reviewing', this.#deadlineAt);
    byId('stop').hidden = value !== 'importing';
    byId('photos').hidden ||= this.#albumShown;
  }

  async #readRows(): Promise<void> {
    const rows = await this.#run.history({ after: this.#rows.at(-1)?.seq ?? 0 });
    if (this.#closed) return;
    this.#rows = [...this.#rows, ...rows];
    if (!this.#albumShown && this.#run.getSnapshot().value === 'published') {
      await showAlbum(this.#id);
      this.#albumShown = true;
    }
    this.#show();
  }

  async #readLedger(): Promise<void> {
    const ledger = await readLedger(this.#id);
    if (this.#closed) return;
    showLedger(ledger);
    showNetwork(ledger?.connections);
  }
}

/** Whether the run has a state to show: it is there, the host has told of it, and its first checkpoint is made. */
function isThere(snapshot: ImportSnapshot): snapshot is KnownImport {
  return snapshot.value !== undefined && snapshot.context !== undefined;
}

function troubleOf({ run, error }: ImportSnapshot): string | undefined {
  if (run.status === 'paused') return `Paused: ${run.reasons.join(', ')}.`;
  if (run.status === 'failed') return `The run failed: ${error instanceof Error ? error.message : String(error)}`;
  return run.problem?.message;
}
