import { inspect } from 'node:util';
import { isHoldfastError } from '@holdfast/core';
import { toJson } from './json.js';
import { paint, plain, type Terminal } from './terminal.js';

/** How the command was asked to speak. */
export interface Manner {
  readonly json: boolean;
  readonly debug: boolean;
}

/** Tells of an error on stderr: `CODE: message`, and what to do; one line of JSON with `--json`; its stack with `--debug`. */
export function tellTrouble(terminal: Terminal, { json, debug }: Manner, error: unknown): void {
  const { code, message, remedy, details } = partsOf(error);
  if (json) terminal.err(toJson({ kind: 'error', code, message, remedy, details }));
  else {
    terminal.err(`${paint(terminal, 'red', code)}: ${plain(message)}`);
    if (remedy !== undefined) terminal.err(`  ${plain(remedy)}`);
  }
  if (debug) terminal.err(inspect(error, { colors: terminal.colours }));
}

interface Parts {
  readonly code: string;
  readonly message: string;
  readonly remedy?: string;
  readonly details?: Record<string, unknown>;
}

function partsOf(error: unknown): Parts {
  if (!isHoldfastError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: 'UNFORESEEN', message, remedy: 'Say it again with --debug to see where it comes from.' };
  }
  const { code, message, remedy, details } = error;
  if (!remedy) return { code, message, details };
  const said = message.endsWith(remedy) ? message.slice(0, -remedy.length).trimEnd() : message;
  return { code, message: said, remedy, details };
}
