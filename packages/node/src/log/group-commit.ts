/**
 * Calls that are written together: what arrives while a group is being written goes into the next one.
 *
 * Owns: the order of the waiting members. Never: what writing them means.
 * 1. One group is written at a time, in the order of arrival.
 * 2. `write` settles every member it is given, and never rejects.
 */
export class GroupCommit<TMember> {
  readonly #write: (group: TMember[]) => Promise<void>;
  #waiting: TMember[] = [];
  #running: Promise<void> | undefined;

  constructor(write: (group: TMember[]) => Promise<void>) {
    this.#write = write;
  }

  add(member: TMember): void {
    this.#waiting.push(member);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing waits and nothing is being written. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // Members of one turn of the event loop are one group.
    while (this.#waiting.length > 0) await this.#write(this.#waiting.splice(0));
    this.#running = undefined;
  }
}
