import { apps } from './apps.test-support.js';
import { attachments } from './attachments.test-support.js';
import { children } from './children.test-support.js';
import { controls, undos } from './controls.test-support.js';
import type { Entry } from './entry.test-support.js';
import { eventWaits } from './event-waits.test-support.js';
import { failures } from './failures.test-support.js';
import { invokes } from './invoke.test-support.js';
import { isolates } from './isolated.test-support.js';
import { large } from './large.test-support.js';
import { live } from './live.test-support.js';
import { localWrites } from './local-writes.test-support.js';
import { messages } from './messages.test-support.js';
import { schemas } from './schemas.test-support.js';
import { seams } from './seams.test-support.js';
import { spawns } from './spawn.test-support.js';
import { states } from './states.test-support.js';
import { steps } from './steps.test-support.js';
import { timers } from './timers.test-support.js';

/** Machines and step functions of every kind, each with the scenario of one run. */
export const corpus: readonly Entry[] = [
  ...invokes,
  ...spawns,
  ...messages,
  ...live,
  ...states,
  ...large,
  ...timers,
  ...failures,
  ...steps,
  ...undos,
  ...eventWaits,
  ...schemas,
  ...apps,
  ...attachments,
];

/** What has no counterpart under plain XState. */
export const durableAlone: readonly Entry[] = [...controls, ...children, ...seams, ...isolates, ...localWrites];
