import type { Terminal } from './terminal.js';
import type { Manner } from './trouble.js';

/** One call of the command: what it was asked for with, and whom it talks to. */
export interface Call extends Manner {
  /** Of the store. */
  readonly directory: string;
  readonly terminal: Terminal;
  readonly stdin: NodeJS.ReadableStream;
  /** Aborted when it is to end in good order, with the name of the signal as its reason. */
  readonly ending: AbortSignal;
}
