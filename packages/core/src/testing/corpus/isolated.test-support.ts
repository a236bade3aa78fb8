import { defineWorkflow } from '../../define/define-workflow.js';
import { children } from './children.test-support.js';
import { controls, undos } from './controls.test-support.js';
import type { Entry } from './entry.test-support.js';
import { eventWaits } from './event-waits.test-support.js';
import { seams } from './seams.test-support.js';
import { steps } from './steps.test-support.js';

const others = [...steps, ...undos, ...eventWaits, ...controls, ...children, ...seams];

/** The entry of that name, with its step functions in step workers. */
function isolated(name: string): Entry {
  const other = others.find((entry) => entry.name === name);
  if (!other) throw new Error(`The corpus has no "${name}".`);
  const id = `isolated-${other.workflow.id}`;
  const workflow = defineWorkflow({ ...other.workflow, id, isolate: true });
  return { ...other, name: `isolated: ${name}`, workflow };
}

export const isolates: readonly Entry[] = [
  isolated('steps: sleeps, in one slot'),
  isolated('steps: all, two at a time'),
  isolated('steps: retries with growing waits'),
  isolated('steps: timeouts'),
  isolated('steps: a race'),
  isolated('steps: heartbeats'),
  isolated('steps: values of every kind'),
  isolated('steps: continues itself within a machine, and is begun anew'),
  isolated('steps: two parallel waits for one type'),
  isolated('controls: paused by a step whose tries are used up, and tried anew'),
  isolated('undo: what a failed function has done'),
  isolated('undo: in a machine that is cancelled'),
  isolated('undo: paused in the middle'),
  isolated('children: three at a time, one of which fails'),
  isolated('children: cancelled with their parent'),
  isolated('seams: a child in each life'),
];
