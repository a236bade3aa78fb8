import { serveHoldfast } from '@holdfast/browser/worker';
import { workflows } from './workflows.js';

serveHoldfast({ workflows, name: 'of-the-worker' });
