import { createHoldfast } from '@holdfast/browser';
import { hostHere } from '@holdfast/browser/here';
import type { ServedHoldfast } from '@holdfast/browser/worker';

import { defineWorkflow, fromSteps } from '@holdfast/core';

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

const greeting = defineWorkflow({ id: 'greeting', version: 1, logic: fromSteps(async () => 'hello') });

export function withoutWorker() {
  // Sample: here
  const host = () => hostHere({ workflows: [greeting] });
  const holdfast = createHoldfast<ReturnType<typeof host>>(host);
  // End
  return holdfast.start('greeting');
}
