import { stripVTControlCharacters, styleText } from 'node:util';
import stringWidth from 'string-width';

/** Where the command prints to, and how. */
export interface Terminal {
  /** What was asked for. */
  out(line: string): void;
  /** Trouble, and what is said beside it. */
  err(line: string): void;
  /** Writes to a terminal as it is: control sequences too. */
  raw(text: string): void;
  /** Whether a person looks at what is printed: lines may be drawn anew. */
  readonly live: boolean;
  /** Whether a person can answer a question. */
  readonly asks: boolean;
  readonly colours: boolean;
  /** Cells in a line; Infinity where it is no terminal. */
  readonly width: number;
  /** Lines of the terminal; Infinity where it is none. */
  readonly height: number;
}

/** The streams of this process. Colours as Node sees them: `NO_COLOR`, `FORCE_COLOR` and `TERM` are heeded. */
export function processTerminal({ stdout, stderr, stdin } = process): Terminal {
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    raw: (text) => void stdout.write(text),
    live: stdout.isTTY === true,
    asks: stdin.isTTY === true && stderr.isTTY === true,
    colours: stdout.isTTY === true && stdout.hasColors(),
    get width() {
      return stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
    },
    get height() {
      return stdout.isTTY ? stdout.rows || 24 : Number.POSITIVE_INFINITY;
    },
  };
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export function paint({ colours }: Pick<Terminal, 'colours'>, style: Style | undefined, text: string): string {
  return colours && style ? styleText(style, text, { validateStream: false }) : text;
}

/** Text of somebody else's, such as an id, in one line: it can't move the cursor. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is looked for
  return stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

/** How many cells a text takes. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** The beginning of a text without colours that takes no more than `width` cells; `…` says that it was cut. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
