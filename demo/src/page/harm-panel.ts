import type { HostStatus } from '@holdfast/core';
import { byId, setText } from './element.js';

/** Wires the buttons that do harm. `killWorker` ends the worker that runs now, without telling Holdfast. */
export function listenToHarm(killWorker: () => void, networkChanged: () => void): void {
  byId('harm-reload').addEventListener('click', () => location.reload());
  byId('harm-worker').addEventListener('click', killWorker);
  byId('harm-tab').addEventListener('click', () => window.open(location.href, '_blank', 'noopener'));
  const cut = byId('harm-network');
  cut.addEventListener('click', async () => {
    const connections = cut.ariaPressed === 'true' ? 'open' : 'dropped';
    await fetch('/api/connections', { method: 'PUT', body: JSON.stringify({ connections }) });
    networkChanged();
  });
  addEventListener('online', networkChanged);
  addEventListener('offline', networkChanged);
}

const OWNERSHIP = {
  owner: ['this tab: owner', 'good'],
  standby: ['this tab: standby', 'quiet'],
  idle: ['connecting', 'quiet'],
  starting: ['connecting', 'quiet'],
  unresponsive: ['worker is busy', 'bad'],
  restarting: ['worker restarts', 'bad'],
  unreachable: ['no worker', 'bad'],
  closed: ['closed', 'quiet'],
} as const satisfies Record<HostStatus, readonly [string, string]>;

/** Shows whether this tab's worker executes the runs, or stands by for another's. */
export function showOwnership(status: HostStatus): void {
  const [text, tone] = OWNERSHIP[status];
  setText(byId('ownership'), text);
  byId('ownership').dataset.tone = tone;
}

/** Shows whether uploads get through: to the browser's knowledge, and by the server's switch. */
export function showNetwork(connections: 'open' | 'dropped' | undefined): void {
  const [text, tone] = networkOf(connections);
  const chip = byId('network');
  chip.textContent = text;
  chip.dataset.tone = tone;
  const cut = byId('harm-network');
  cut.ariaPressed = String(connections === 'dropped');
  const title = cut.querySelector('b');
  if (title) title.textContent = connections === 'dropped' ? 'Mend network' : 'Cut network';
}

function networkOf(connections: 'open' | 'dropped' | undefined): [text: string, tone: string] {
  if (!navigator.onLine) return ['offline', 'bad'];
  if (connections === 'dropped') return ['network cut', 'bad'];
  return connections ? ['online', 'good'] : ['no server', 'bad'];
}
