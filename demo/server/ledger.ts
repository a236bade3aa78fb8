import { JournalFile } from './journal-file.js';

/** A request that must not be executed twice. */
export interface KeyedRequest {
  /** The `Idempotency-Key` header. */
  readonly key: string;
  /** Who asks: the name of the step. */
  readonly step: string;
  readonly album: string;
  /** SHA-256 of what is asked for: one key must always ask for the same. */
  readonly digest: string;
}

/** What became of a request. `repeated`: executed before, so it was answered from the ledger. */
export type Outcome = 'executed' | 'repeated' | 'conflicting' | 'failed';

export type LedgerLine =
  /** A request has arrived; `attempt` counts the arrivals of its key. */
  | ({ readonly event: 'begin'; readonly n: number; readonly at: number; readonly attempt: number } & KeyedRequest)
  /** The request of line `begin` is settled. */
  | {
      readonly event: 'end';
      readonly n: number;
      readonly at: number;
      readonly begin: number;
      readonly key: string;
      readonly outcome: Outcome;
      readonly answer?: unknown;
    };

/** One key, seen from the ledger. */
export interface LedgerEntry {
  readonly key: string;
  readonly step: string;
  readonly album: string;
  /** How often a request with this key arrived. */
  attempts: number;
  executed: number;
  repeated: number;
  conflicting: number;
  failed: number;
}

export interface LedgerSums {
  readonly executed: number;
  readonly repeated: number;
  readonly conflicting: number;
  readonly failed: number;
  /** Arrived, and not settled when this server last wrote: under way now, or cut off by the server's own death. */
  readonly inFlight: number;
}

export type Settled = { readonly outcome: Exclude<Outcome, 'failed'>; readonly answer: unknown };

type Begin = Extract<LedgerLine, { event: 'begin' }>;

/**
 * Owns the record of every request this server executed, on disk before the request is answered.
 *
 * 1. `begin` is synced before a request's effect, `end` before its answer: begun without end means in flight.
 * 2. Of one key, the effect completes at most once while this ledger's file is there.
 * 3. Requests of one key are executed one after the other, in the order of their arrival.
 */
export class Ledger {
  readonly #journal: JournalFile<LedgerLine>;
  readonly #begins = new Map<number, Begin>();
  readonly #entries = new Map<string, LedgerEntry>();
  readonly #executed = new Map<string, { digest: string; answer: unknown }>();
  readonly #open = new Set<number>();
  readonly #queues = new Map<string, Promise<unknown>>();
  #n = 0;

  private constructor(journal: JournalFile<LedgerLine>, lines: readonly LedgerLine[]) {
    this.#journal = journal;
    for (const line of lines) this.#take(line);
  }

  static async open(path: string): Promise<Ledger> {
    const { journal, lines } = await JournalFile.open<LedgerLine>(path);
    return new Ledger(journal, lines);
  }

  /** Executes `effect`, or answers from the ledger when this key was executed before. Rejects as `effect` does. */
  async execute(request: KeyedRequest, effect: () => Promise<unknown>): Promise<Settled> {
    const attempt = (this.#entries.get(request.key)?.attempts ?? 0) + 1;
    const begin: Begin = { event: 'begin', n: ++this.#n, at: Date.now(), attempt, ...request };
    this.#take(begin);
    await this.#journal.append(begin);
    const turn = (this.#queues.get(request.key) ?? Promise.resolve()).then(() => this.#settle(begin, effect));
    this.#queues.set(
      request.key,
      turn.catch(() => {}),
    );
    return turn;
  }

  /** Sums of one album, or of all. */
  sums(album?: string): LedgerSums {
    const entries = this.entries(album);
    const sum = (field: Outcome) => entries.reduce((total, entry) => total + entry[field], 0);
    return {
      executed: sum('executed'),
      repeated: sum('repeated'),
      conflicting: sum('conflicting'),
      failed: sum('failed'),
      inFlight: this.inFlight(album).length,
    };
  }

  /** One entry a key, in the order of their first arrival. */
  entries(album?: string): LedgerEntry[] {
    return [...this.#entries.values()].filter((entry) => album === undefined || entry.album === album);
  }

  /** Arrivals that are not settled. */
  inFlight(album?: string): Pick<Begin, 'key' | 'step' | 'attempt'>[] {
    return [...this.#open]
      .map((n) => this.#begins.get(n) as Begin)
      .filter((begin) => album === undefined || begin.album === album)
      .map(({ key, step, attempt }) => ({ key, step, attempt }));
  }

  /** Waits for what is under way, then closes the file. */
  async close(): Promise<void> {
    await Promise.all(this.#queues.values());
    await this.#journal.close();
  }

  async #settle(begin: Begin, effect: () => Promise<unknown>): Promise<Settled> {
    const earlier = this.#executed.get(begin.key);
    if (earlier) {
      const outcome = earlier.digest === begin.digest ? 'repeated' : 'conflicting';
      await this.#end(begin, outcome);
      return { outcome, answer: earlier.answer };
    }
    try {
      const answer = await effect();
      await this.#end(begin, 'executed', answer);
      return { outcome: 'executed', answer };
    } catch (error) {
      await this.#end(begin, 'failed');
      throw error;
    }
  }

  async #end(begin: Begin, outcome: Outcome, answer?: unknown): Promise<void> {
    const line: LedgerLine = {
      event: 'end',
      n: ++this.#n,
      at: Date.now(),
      begin: begin.n,
      key: begin.key,
      outcome,
      answer,
    };
    await this.#journal.append(line);
    this.#take(line);
  }

  #take(line: LedgerLine): void {
    this.#n = Math.max(this.#n, line.n);
    if (line.event === 'begin') this.#takeBegin(line);
    else this.#takeEnd(line);
  }

  #takeBegin(line: Begin): void {
    const { key, step, album } = line;
    const blank = { key, step, album, attempts: 0, executed: 0, repeated: 0, conflicting: 0, failed: 0 };
    const entry = this.#entries.get(key) ?? blank;
    entry.attempts += 1;
    this.#entries.set(key, entry);
    this.#begins.set(line.n, line);
    this.#open.add(line.n);
  }

  #takeEnd(line: Extract<LedgerLine, { event: 'end' }>): void {
    const begin = this.#begins.get(line.begin);
    const entry = this.#entries.get(line.key);
    if (!begin || !entry) throw new Error(`Ledger line ${line.n} ends request ${line.begin}, which never began.`);
    entry[line.outcome] += 1;
    this.#open.delete(line.begin);
    if (line.outcome === 'executed') this.#executed.set(line.key, { digest: begin.digest, answer: line.answer });
  }
}
