import { createInterface } from 'node:readline/promises';
import { HoldfastError } from '@holdfast/core';
import type { Call } from './call.js';
import { plain } from './terminal.js';

/**
 * Lets a person confirm what can't be undone.
 * @throws `OPTION_INVALID` where nobody can answer and `--yes` was not given, and where the answer is no.
 */
export async function confirm(call: Call, yes: boolean, question: string): Promise<void> {
  if (yes) return;
  if (!call.terminal.asks) throw unsure('Nobody can be asked here, and it can not be undone.', 'Say --yes.');
  const lines = createInterface({ input: call.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${plain(question)} [y/N] `, { signal: call.ending });
    if (!/^y(es)?$/i.test(answer.trim())) throw unsure('Nothing was deleted.', 'Answer y, or say --yes.');
  } finally {
    lines.close();
  }
}

function unsure(message: string, remedy: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', { message, remedy, details: { option: 'yes' } });
}
