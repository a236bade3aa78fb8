import { serveHoldfast } from '@holdfast/browser/worker';
import { defineWorkflow, fromSteps } from '@holdfast/core';

const thumbnails = fromSteps(({ step }) => step('draw', () => 1));
const workflows = [defineWorkflow({ id: 'thumbnails', version: 1, logic: thumbnails })];

export function relaxed() {
  // Sample: relaxed
  const host = serveHoldfast({ workflows, durability: 'relaxed' });
  // End
  return host;
}
