import { serveHoldfast } from '@holdfast/browser/worker';
import { report } from './report';

export const host = serveHoldfast({ workflows: [report] });
export type App = typeof host;
