import type { ImportEvent } from '../workflow/photo-import.js';
import { byId, setText } from './element.js';

/** Wires the approval form and the stop button: the person's answer goes to `send` as the machine's event. */
export function listenToApproval(send: (event: ImportEvent) => void): void {
  byId('approval').addEventListener('submit', (event) => {
    event.preventDefault();
    send({ type: 'APPROVE', by: byId<HTMLInputElement>('approver').value.trim() });
  });
  for (const id of ['reject', 'stop']) byId(id).addEventListener('click', () => send({ type: 'REJECT' }));
}

/** @param deadlineAt instant (ms) of the machine's timer, as the store has it. */
export function showApproval(asked: boolean, deadlineAt: number | undefined): void {
  byId('approval').hidden = !asked;
  setText(byId('deadline'), deadlineAt === undefined ? '' : `Expires in ${remaining(deadlineAt - Date.now())}`);
}

function remaining(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
