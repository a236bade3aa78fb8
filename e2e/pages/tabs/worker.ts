import { serveHoldfast } from '@holdfast/browser/worker';
import { workflowsOf } from './workflows.js';

/** Its name says which version of the app it is of. */
const version = Number(self.name);
export const host = serveHoldfast({ workflows: workflowsOf(version), stealAfter: '4s' });
export type App = typeof host;
