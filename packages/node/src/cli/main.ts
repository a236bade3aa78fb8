#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './exit-codes.js';
import { createProgram, type Perform } from './program.js';
import { processTerminal } from './terminal.js';
import { tellTrouble } from './trouble.js';

const terminal = processTerminal();
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

const perform: Perform = async ({ dir: directory, json, debug }, act) => {
  try {
    process.exitCode = await act({ directory, json, debug, terminal, stdin: process.stdin, ending: signalled() });
  } catch (error) {
    tellTrouble(terminal, { json, debug }, error);
    process.exitCode = exitCodeOf(error);
  }
};

/** Aborted at the first signal that asks it to end; a second one ends it at once, as it would any program. */
function signalled(): AbortSignal {
  const ending = new AbortController();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const end = (signal: NodeJS.Signals) => {
    for (const one of signals) process.removeListener(one, end);
    ending.abort(signal);
  };
  for (const signal of signals) process.on(signal, end);
  // A reader that has seen enough, as `head` has, is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    end('SIGPIPE');
  });
  return ending.signal;
}

try {
  const program = createProgram(perform, version);
  for (const command of [program, ...program.commands]) command.exitOverride();
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}
