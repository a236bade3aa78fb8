import { serveHoldfast } from '@holdfast/browser/worker';
import { hop, voyage } from './workflow.js';

/** What no caller is told, the page is: of a run that does not go on it is all there is to see. */
const onError = (error: unknown) => postMessage({ trouble: `${error} (${(error as { cause?: unknown }).cause})` });

export const host = serveHoldfast({ workflows: [voyage, hop], onError });
export type App = typeof host;
