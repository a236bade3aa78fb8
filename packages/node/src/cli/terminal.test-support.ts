import type { Terminal } from './terminal.js';

/** A terminal that keeps what is printed: lines, or, where it is live, the text as it was written. */
export function aTerminal(options: Partial<Terminal> = {}) {
  const printed: string[] = [];
  const erred: string[] = [];
  const terminal: Terminal = {
    out: (line) => void printed.push(line),
    err: (line) => void erred.push(line),
    raw: (text) => void printed.push(text),
    live: false,
    asks: false,
    colours: false,
    width: 80,
    height: 24,
    ...options,
  };
  return { terminal, printed, erred };
}
