import { serveHoldfast } from '@holdfast/browser/worker';
import { workflows } from './workflows.js';

export const host = serveHoldfast({ workflows });
export type App = typeof host;
