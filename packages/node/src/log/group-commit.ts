export interface GroupWork<TMember> {
  /** Settles every member it is given, and never rejects. */
  write(group: TMember[]): Promise<void>;
  /** Does a little of what is to be done beside groups; tells whether there is more. Never rejects. */
  rest(): Promise<boolean>;
}

/**
 * Calls that are written together: what arrives while a group is being written goes into the next one.
 *
 * Owns: the order of the waiting members. Never: what writing them means.
 * 1. One thing goes on at a time: groups, in the order of arrival, and between them `rest`.
 */
export class GroupCommit<TMember> {
  readonly #work: GroupWork<TMember>;
  #waiting: TMember[] = [];
  #running: Promise<void> | undefined;

  constructor(work: GroupWork<TMember>) {
    this.#work = work;
  }

  add(member: TMember): void {
    this.#waiting.push(member);
    this.wake();
  }

  /** There is something to be done beside groups. */
  wake(): void {
    this.#running ??= this.#run();
  }

  /** Resolves when nothing waits and nothing is being done. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // Members of one turn of the event loop are one group.
    for (let more = true; more || this.#waiting.length > 0; ) {
      if (this.#waiting.length > 0) await this.#work.write(this.#waiting.splice(0));
      more = await this.#work.rest();
    }
    this.#running = undefined;
  }
}
