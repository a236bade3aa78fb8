import { serveHoldfast } from '@holdfast/browser/worker';
import { photoImport } from './workflow/photo-import.js';
import { store } from './workflow/store.js';

export const host = serveHoldfast({ workflows: [photoImport], store });
export type App = typeof host;
