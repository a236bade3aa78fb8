import type { Photo } from '../workflow/photo.js';
import { listenToApproval } from './approval-panel.js';
import { byId } from './element.js';
import { listenToHarm, showNetwork, showOwnership } from './harm-panel.js';
import { holdfast, importOf, killWorker } from './holdfast.js';
import { ImportView } from './import-view.js';
import { readLedger } from './ledger-panel.js';
import { listenToSource, showSource } from './source-panel.js';

/** How long a person may take to approve: ten minutes, or `?approve-within-ms=`. */
const APPROVE_WITHIN_MS = Number(new URLSearchParams(location.search).get('approve-within-ms') ?? 10 * 60 * 1000);

/** Id of the import shown last: shown at once after a reload, before the list of runs is there. */
const SHOWN_LAST = 'photo-import.shown-last';

let view: ImportView | undefined;

/** Shows the import of that id; without one, asks for photos. */
function open(id: string | undefined): void {
  showSource(id === undefined);
  if (view?.id === id) return;
  view?.close();
  view = id === undefined ? undefined : new ImportView(id, importOf(id), report);
  if (id === undefined) localStorage.removeItem(SHOWN_LAST);
  else localStorage.setItem(SHOWN_LAST, id);
}

async function start(photos: Photo[]): Promise<void> {
  if (photos.length === 0) return;
  const album = `album-${crypto.randomUUID().slice(0, 8)}`;
  const input = { album, photos, approveWithinMs: APPROVE_WITHIN_MS };
  await holdfast.start('photo-import', { id: album, input });
  localStorage.setItem(SHOWN_LAST, album);
}

async function startAnew(): Promise<void> {
  await view?.run.delete();
}

async function refreshNetwork(): Promise<void> {
  if (view) view.refreshLedger();
  else showNetwork((await readLedger(''))?.connections);
}

function report(error: unknown): void {
  console.error(error);
  byId('run-line').textContent = error instanceof Error ? error.message : String(error);
}

/** For listeners: what rejects is shown. */
const reported = <TArgs extends unknown[]>(work: (...args: TArgs) => Promise<unknown>) => {
  return (...args: TArgs) => void work(...args).catch(report);
};

listenToSource((photos) => start(photos).catch(report));
listenToApproval(reported(async (event) => view?.run.send(event)));
listenToHarm(killWorker, reported(refreshNetwork));
byId('start-anew').addEventListener('click', reported(startAnew));

holdfast.runs({ workflow: 'photo-import' }).subscribe((rows) => {
  const newest = [...rows].sort((a, b) => b.createdAt - a.createdAt)[0];
  open(newest?.run);
  view?.setDeadline(newest?.nextDeadlineAt);
});
holdfast.host.subscribe(showOwnership);

const shownLast = localStorage.getItem(SHOWN_LAST);
if (shownLast !== null) open(shownLast);
void refreshNetwork();
setInterval(() => view?.tick(), 1000);
