import { serveHoldfast } from '@holdfast/browser/worker';
import type { Durability } from '@holdfast/core/store';
import { noted } from './workflow.js';

/** Its name says how durable its writes are to be. */
const durability = self.name as Durability;
export const host = serveHoldfast({ workflows: [noted], durability });
export type App = typeof host;
