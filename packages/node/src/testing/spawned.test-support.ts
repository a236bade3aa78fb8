import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program in a process of its own, and what it has printed. */
export class Spawned {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  #rest = '';
  #told: () => void = () => {};

  constructor(file: string, args: readonly string[]) {
    this.#child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#closed = once(this.#child, 'close');
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (this.#rest + chunk.toString()).split('\n');
      this.#rest = lines.pop() ?? '';
      this.lines.push(...lines);
      this.#told();
    });
  }

  /** Resolves when it has printed that line so many times; rejects when it ends before. */
  async printed(line: string, times = 1): Promise<void> {
    const ended = this.#closed.then(() => {
      throw new Error(`It ended, and had printed ${JSON.stringify(this.lines)}, not "${line}".`);
    });
    ended.catch(() => {});
    while (this.lines.filter((one) => one === line).length < times) {
      await Promise.race([ended, new Promise<void>((resolve) => (this.#told = resolve))]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with its exit code. */
  async ended(): Promise<number | null> {
    await this.#closed;
    return this.#child.exitCode;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}
