import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Owns: the process of a program that is killed and started again. Never: what the program does; it knows nothing of
 * its kills.
 * 1. At most one process at a time.
 */
export class Program {
  #file;
  #args;
  #say;
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #process;
  /** @type {Promise<unknown[]> | undefined} exit code and signal, once all of its output is read */
  #closed;
  #running = false;
  /** @type {string[]} what this process has printed */
  #lines = [];
  /** @type {(() => void)[]} told of each line, and of the end */
  #listeners = [];

  /**
   * @param {URL} file
   * @param {readonly string[]} args
   * @param {(line: string) => void} say told of each line that it prints
   */
  constructor(file, args, say) {
    this.#file = fileURLToPath(file);
    this.#args = args;
    this.#say = say;
  }

  start() {
    const child = spawn(process.execPath, [this.#file, ...this.#args], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    this.#process = child;
    this.#lines = [];
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#hear(line));
    this.#closed = once(child, 'close');
    this.#running = true;
    child.once('close', () => {
      this.#running = false;
      this.#notify();
    });
  }

  /** A real crash: nothing is closed, nothing is told, no handler runs. Resolves when the process is gone. */
  async kill() {
    this.#process?.kill('SIGKILL');
    await this.#closed;
  }

  /** Hands a message to the program's `process.on('message')`. @param {object} message */
  send(message) {
    this.#process?.send(message);
  }

  /** Gives the line with this text in it, once the present process has printed it. @param {string} text */
  async printed(text) {
    for (;;) {
      const line = this.#lines.find((line) => line.includes(text));
      if (line !== undefined) return line;
      if (!this.#running) throw new Error(`${this.#file} ended, and did not print "${text}".`);
      await new Promise((resolve) => this.#listeners.push(() => resolve(undefined)));
    }
  }

  /** Resolves when the process has ended: `killed` by SIGKILL, or `done`. Rejects when it failed. */
  async ended() {
    const [code, signal] = (await this.#closed) ?? [];
    if (signal === 'SIGKILL') return 'killed';
    if (code === 0) return 'done';
    throw new Error(`${this.#file} failed with ${signal ?? `exit code ${code}`}.`);
  }

  /** Starts it, and again each time it was killed, until it ends by itself. Gives the number of kills. */
  async runToEnd() {
    for (let kills = 0; ; kills++) {
      this.start();
      if ((await this.ended()) === 'done') return kills;
    }
  }

  /** @param {string} line */
  #hear(line) {
    this.#lines.push(line);
    this.#say(line);
    this.#notify();
  }

  #notify() {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
