import { createHoldfast } from '@holdfast/browser';
import type { ServedHoldfast } from '@holdfast/browser/worker';

declare function show(text: string): void;

export function page(makeWorker: () => Worker) {
  const holdfast = createHoldfast<ServedHoldfast>(makeWorker);

  // Sample: status
  const texts = {
    idle: '',
    starting: 'starting …',
    owner: '',
    standby: 'another tab is at work',
    unresponsive: 'busy …',
    restarting: 'going on in a moment …',
    unreachable: 'can not go on: please reload',
    closed: '',
  };
  const { unsubscribe } = holdfast.host.subscribe((status) => show(texts[status]));
  // End
  return unsubscribe;
}
