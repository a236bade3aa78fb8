// What the README leaves out:
import { photoImport } from './photo-import.js';

declare const input: { files: File[] };

// What it shows:
import { openHoldfast } from '@holdfast/node';

const holdfast = await openHoldfast({ directory: '.holdfast', workflows: [photoImport] });
const run = await holdfast.start('photo-import', { id: 'trip-2026', input });
await run.result();
