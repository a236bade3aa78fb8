import { serveHoldfast } from '@holdfast/browser/worker';
import { photoImport } from './workflow/photo-import.js';

export const host = serveHoldfast({ workflows: [photoImport] });
export type App = typeof host;
