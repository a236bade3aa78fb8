// What the README leaves out:

// What it shows:
import { serveHoldfast } from '@holdfast/browser/worker';
import { photoImport } from './photo-import.js';
export const host = serveHoldfast({ workflows: [photoImport] });
export type App = typeof host;
