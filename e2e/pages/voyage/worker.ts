import { serveHoldfast } from '@holdfast/browser/worker';
import { voyage } from './workflow.js';

export const host = serveHoldfast({ workflows: [voyage] });
export type App = typeof host;
