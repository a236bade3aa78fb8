import type { Connection } from './sockets.js';

/** What the other side has not taken of what it was sent, at most, in bytes: one that reads nothing is let go. */
const MOST_UNSENT = 256 << 20;

/**
 * Messages over a connection: each a line of JSON.
 *
 * Owns: what has come of a line that is not whole yet.
 * 1. What comes is taken for what it is: a line that is too long, or no JSON, ends the connection, and nothing else.
 */
export class Channel {
  /** Resolves when the connection has ended, on whichever side. */
  readonly closed: Promise<void>;
  readonly #connection: Connection;
  readonly #longest: number;
  #text: string[] = [];
  #length = 0;

  /** @param longest length of a line that may come, in characters. */
  constructor(connection: Connection, { longest, heard }: { longest: number; heard: (message: unknown) => void }) {
    this.#connection = connection;
    this.#longest = longest;
    this.closed = new Promise((resolve) => {
      connection.onClosed(resolve);
    });
    connection.onText((text) => this.#hear(text, heard));
  }

  send(message: object): void {
    this.#connection.write(`${JSON.stringify(message)}\n`);
    if (this.#connection.unsent > MOST_UNSENT) this.end();
  }

  end(): void {
    this.#connection.end();
  }

  /** Whether it keeps the process alive. */
  hold(on: boolean): void {
    this.#connection.hold(on);
  }

  #hear(text: string, heard: (message: unknown) => void): void {
    const [first = '', ...rest] = text.split('\n');
    this.#keep(first);
    for (const next of rest) {
      const line = this.#text.join('');
      this.#text = [];
      this.#length = 0;
      const message = parsed(line);
      if (message === undefined) {
        this.end();
        return;
      }
      heard(message);
      this.#keep(next);
    }
    if (this.#length > this.#longest) this.end();
  }

  #keep(text: string): void {
    if (text === '') return;
    this.#text.push(text);
    this.#length += text.length;
  }
}

/** Undefined where it is no object. */
function parsed(line: string): object | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}
