import type { Entry } from './entry.test-support.js';
import { invokes } from './invoke.test-support.js';

/** Machines and step functions of every kind, each with the scenario of one run. */
export const corpus: readonly Entry[] = [...invokes];
