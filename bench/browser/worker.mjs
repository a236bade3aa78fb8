// The worker in which programs run: it is told which, and tells what came out.

import * as byHand from './by-hand.mjs';
import * as loops from './idb-loops.mjs';
import * as inWorker from './in-worker.mjs';

const PROGRAMS = { ...byHand, ...loops, ...inWorker };

self.onmessage = async ({ data: { program, params } }) => {
  try {
    self.postMessage({ result: await PROGRAMS[program](params) });
  } catch (error) {
    self.postMessage({ error: (error instanceof Error && error.stack) || String(error) });
  }
};
