// The worker of an app.

import { serveHoldfast } from '@holdfast/browser/worker';
import { counter, inARow, states, stopping } from '../entrants/holdfast-workflows.mjs';

serveHoldfast({ workflows: [inARow, states, counter, stopping(({ services }) => services.begun())] });
