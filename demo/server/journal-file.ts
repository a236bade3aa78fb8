import { type FileHandle, open } from 'node:fs/promises';

/**
 * Owns one append-only file of JSON lines. Never rewrites a line.
 *
 * 1. `append` resolves only when its line is synced to the disk.
 * 2. Lines stand in the order in which `append` was called.
 * 3. A last line that is cut (the process died while it wrote) was never acknowledged: it is removed at `open`.
 */
export class JournalFile<TLine> {
  readonly #file: FileHandle;
  #last: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens or creates the file, and reads what it holds. */
  static async open<TLine>(path: string): Promise<{ journal: JournalFile<TLine>; lines: TLine[] }> {
    const file = await open(path, 'a+');
    const text = await file.readFile('utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole));
    const lines = whole
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as TLine);
    return { journal: new JournalFile(file), lines };
  }

  append(line: TLine): Promise<void> {
    const written = this.#last.then(async () => {
      await this.#file.appendFile(`${JSON.stringify(line)}\n`);
      await this.#file.datasync();
    });
    this.#last = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file.close();
  }
}
