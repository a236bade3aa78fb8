import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Entry, Ledger } from './ledger.js';
import { storeFolder } from './stores.js';
import type { Note } from './tell.js';
import type { WriterOptions } from './writer.js';

const pathOf = (name: string) => fileURLToPath(new URL(`./${name}.js`, import.meta.url));
/** Longer than anything takes: a bound for what hangs. */
const PATIENCE_MS = 60_000;

export interface ChildOptions {
  readonly env?: Record<string, string>;
  /** Default: the writer. */
  readonly program?: 'writer' | 'sender';
  /** A command that starts it. */
  readonly prefix?: readonly string[];
}

/** Those that may still run. */
const living = new Set<Child>();

/** Kills those that a failed test has left. */
export async function endChildren(): Promise<void> {
  for (const child of living) await child.kill();
}

/**
 * A writer, or a sender, in a process of its own, as seen from here.
 *
 * 1. What it told is in the ledger as soon as it was read; `ended` resolves when all of it was.
 */
export class Child {
  /** Acknowledgements that it told of. */
  acks = 0;
  over: Extract<Note, { t: 'over' }> | undefined;
  ready = false;
  /** How many it had told of when it had file handles again. */
  acksWithoutHandles: number | undefined;
  readonly #process: ChildProcess;
  readonly #ledger: Ledger;
  readonly #ended: Promise<unknown>;
  #text = '';
  #errors = '';
  #changed = () => {};
  #gone = false;

  constructor(options: Omit<WriterOptions, 'node' | 'ledger'>, ledger: Ledger, folder: string, how: ChildOptions = {}) {
    const { env = {}, prefix = [], program = 'writer' } = how;
    const file = join(folder, `ledger-${program}-${options.next}.json`);
    writeFileSync(file, ledger.stored());
    const whole: WriterOptions = { ...options, node: storeFolder(), ledger: file };
    const [command = '', ...args] = [...prefix, process.execPath, pathOf(program), JSON.stringify(whole)];
    this.#ledger = ledger;
    this.#process = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.#process.stdout?.on('data', (chunk: Buffer) => this.#hear(chunk.toString()));
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#errors += chunk;
    });
    living.add(this);
    this.#ended = once(this.#process, 'close').then(() => {
      living.delete(this);
      this.#gone = true;
      this.#changed();
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  get errors(): string {
    return this.#errors;
  }

  /** Resolves when it told of that many acknowledgements, or is gone. */
  async until(fine: () => boolean): Promise<void> {
    const givenUp = setTimeout(() => this.signal('SIGKILL'), PATIENCE_MS);
    while (!fine() && !this.#gone) {
      await new Promise<void>((changed) => {
        this.#changed = changed;
      });
    }
    clearTimeout(givenUp);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves when the system has stopped it, and all that it wrote till then was read. */
  async stop(): Promise<void> {
    this.signal('SIGSTOP');
    while (!/\) [Tt] /.test(readFileSync(`/proc/${this.pid}/stat`, 'latin1'))) await turn();
    for (let quiet = 0, known = -1; quiet < 3; quiet = known === this.acks ? quiet + 1 : 0) {
      known = this.acks;
      await turn();
    }
  }

  async ended(): Promise<void> {
    const givenUp = setTimeout(() => this.signal('SIGKILL'), PATIENCE_MS);
    await this.#ended;
    clearTimeout(givenUp);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }

  #hear(text: string): void {
    this.#text += text;
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#note(JSON.parse(line) as Entry | Note);
    this.#changed();
  }

  #note(note: Entry | Note): void {
    if (note.t === 'ready') this.ready = true;
    else if (note.t === 'released') this.acksWithoutHandles = this.acks;
    else if (note.t === 'over') this.over = note;
    else {
      if (note.t === 'ack' || note.t === 'queued') this.acks++;
      this.#ledger.record(note);
    }
  }
}

const turn = () => new Promise<void>((next) => setTimeout(next, 1));
