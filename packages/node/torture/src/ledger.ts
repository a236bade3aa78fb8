import { type Ask, after, NO_RUN, type RunState, type Texts } from './run-state.js';

/** What happened between a client and a store, one by one: plain data, so that it crosses a pipe. */
export type Entry =
  | { readonly t: 'ask'; readonly run: string; readonly id: number; readonly ask: Ask }
  | { readonly t: 'ack' | 'refused' | 'unknown'; readonly run: string; readonly id: number }
  /** A load after an unknown outcome showed that ask as the last one. */
  | { readonly t: 'found'; readonly run: string; readonly id: number }
  | { readonly t: 'send'; readonly run: string; readonly event: string; readonly files: Texts }
  /** `n` is 0 where it is not known yet: one who is not the owner may not be told it. */
  | { readonly t: 'queued'; readonly run: string; readonly event: string; readonly n: number }
  | { readonly t: 'unsent'; readonly run: string; readonly event: string };

/** A state that may be found. */
export interface Alternative {
  /** The ask that made it; 0 where there was none. */
  readonly id: number;
  /** The ask that it goes on from. */
  readonly from: number;
  readonly state: RunState;
  readonly strict: boolean;
  readonly acked: boolean;
}

export interface SentEvent {
  readonly id: string;
  readonly life: number;
  /** The last ask that was acknowledged when it was sent: what is accepted after that is not there without it. */
  readonly after: number;
  readonly files: Texts;
  readonly outcome: 'open' | 'queued' | 'refused';
  readonly n: number;
}

/** What may be found of a run. Replaced, never changed in place. */
export interface RunLedger {
  /** In the order in which they were asked for. */
  readonly possible: readonly Alternative[];
  /** What the next ask starts from. */
  readonly tip: number;
  readonly events: readonly SentEvent[];
  /** States it must no longer be in: to tell what is lost from what is half. */
  readonly past: readonly Alternative[];
}

const FRESH: RunLedger = {
  possible: [{ id: 0, from: 0, state: NO_RUN, strict: true, acked: true }],
  tip: 0,
  events: [],
  past: [],
};

/**
 * What was asked of a store and what it acknowledged: of that follows which states it may be in after a crash. It knows
 * nothing of how stores work.
 *
 * 1. After a strict acknowledgement only that state, or one that was asked for later, may be found.
 * 2. A relaxed one may be lost, with all that followed it in its run; never one without that.
 * 3. What was refused, and said to have changed nothing, must not be found. What ended otherwise may.
 */
export class Ledger {
  /** What can't be right whatever is found. */
  readonly problems: string[];
  readonly #runs: Map<string, RunLedger>;
  /** The highest `n` that was told. */
  #mostN: number;
  #acks: number;

  constructor(from?: Ledger) {
    this.#runs = new Map(from ? from.#runs : []);
    this.#mostN = from ? from.#mostN : 0;
    this.#acks = from ? from.#acks : 0;
    this.problems = [...(from ? from.problems : [])];
  }

  /** As text, for another process. */
  stored(): string {
    return JSON.stringify({ runs: [...this.#runs], mostN: this.#mostN });
  }

  static of(text: string): Ledger {
    const { runs, mostN } = JSON.parse(text) as { runs: [string, RunLedger][]; mostN: number };
    const ledger = new Ledger();
    for (const [run, runLedger] of runs) ledger.#runs.set(run, runLedger);
    ledger.#mostN = mostN;
    return ledger;
  }

  /** As it is now. */
  copy(): Ledger {
    return new Ledger(this);
  }

  get runs(): ReadonlyMap<string, RunLedger> {
    return this.#runs;
  }

  /** Acknowledgements so far. */
  get acks(): number {
    return this.#acks;
  }

  of(run: string): RunLedger {
    return this.#runs.get(run) ?? FRESH;
  }

  /** What a run is, to who made all of its asks and heard of their ends. */
  tip(run: string): RunState {
    const { possible, tip } = this.of(run);
    return (possible.find(({ id }) => id === tip) as Alternative).state;
  }

  record(entry: Entry): void {
    const ledger = this.of(entry.run);
    this.#runs.set(entry.run, this.#next(ledger, entry));
    if (entry.t === 'ack' || entry.t === 'queued') this.#acks++;
  }

  /** From now on a run is known to be as it was found. */
  settle(run: string, found: number, inbox: ReadonlyMap<string, number>): void {
    const { possible, events, past } = this.of(run);
    const known = events.map((event): SentEvent => {
      const n = inbox.get(event.id);
      if (event.outcome !== 'open') return event;
      return n === undefined ? { ...event, outcome: 'refused' } : { ...event, outcome: 'queued', n };
    });
    const [here, others] = [possible.filter(({ id }) => id === found), possible.filter(({ id }) => id !== found)];
    const certain = here.map((one) => ({ ...one, acked: true }));
    this.#runs.set(run, { possible: certain, tip: found, events: known, past: [...past, ...others] });
  }

  /** That state was shown to somebody who is shown only what is safe. */
  shown(run: string, id: number): void {
    this.#runs.set(run, dropBefore(this.of(run), id));
  }

  #next(ledger: RunLedger, entry: Entry): RunLedger {
    switch (entry.t) {
      case 'ask':
        return asked(ledger, entry.id, entry.ask);
      case 'ack':
        return acked(ledger, entry.id);
      case 'refused': {
        // What another owner has found to be there is there, whatever its asker is told.
        const refused = ledger.possible.find(({ id }) => id === entry.id);
        return refused && !refused.acked ? without(ledger, refused) : ledger;
      }
      case 'unknown':
        return ledger;
      case 'found':
        return { ...ledger, tip: entry.id };
      case 'send':
        return sent(ledger, entry.event, entry.files);
      case 'queued':
        return this.#queued(ledger, entry.event, entry.n);
      case 'unsent':
        if (ledger.events.find(({ id }) => id === entry.event)?.outcome !== 'open') return ledger;
        return withEvent(ledger, entry.event, { outcome: 'refused' });
    }
  }

  #queued(ledger: RunLedger, id: string, n: number): RunLedger {
    if (n < 0) this.problems.push(`invented: ${id} was given number ${n}`);
    for (const [run, { events }] of this.#runs) {
      const twin = n > 0 ? events.find((event) => event.n === n) : undefined;
      if (twin) this.problems.push(`invented: ${id} was given number ${n}, which ${twin.id} of ${run} has`);
    }
    this.#mostN = Math.max(this.#mostN, n);
    const event = ledger.events.find((one) => one.id === id) as SentEvent;
    return withEvent(dropBefore(ledger, event.after), id, { outcome: 'queued', n });
  }
}

function asked(ledger: RunLedger, id: number, ask: Ask): RunLedger {
  const base = ledger.possible.find((one) => one.id === ledger.tip) as Alternative;
  const strict = ask.kind !== 'commit' || ask.durability === 'strict';
  const state = after(base.state, ask);
  return { ...ledger, possible: [...ledger.possible, { id, from: base.id, state, strict, acked: false }], tip: id };
}

/** What was asked for upon it goes on from what it went on from. */
function without(ledger: RunLedger, { id, from }: Alternative): RunLedger {
  const others = ledger.possible.filter((one) => one.id !== id);
  const possible = others.map((one) => (one.from === id ? { ...one, from } : one));
  const base = possible.some((one) => one.id === from) ? from : (possible.at(-1) as Alternative).id;
  return { ...ledger, possible, tip: ledger.tip === id ? base : ledger.tip };
}

function acked(ledger: RunLedger, id: number): RunLedger {
  const possible = ledger.possible.map((one) => (one.id === id ? { ...one, acked: true } : one));
  const strict = possible.find((one) => one.id === id)?.strict;
  return strict ? dropBefore({ ...ledger, possible }, id) : { ...ledger, possible };
}

/** That state, or one asked for later. */
function dropBefore(ledger: RunLedger, id: number): RunLedger {
  const at = ledger.possible.findIndex((one) => one.id === id);
  if (at <= 0) return ledger;
  return { ...ledger, possible: ledger.possible.slice(at), past: [...ledger.past, ...ledger.possible.slice(0, at)] };
}

function sent(ledger: RunLedger, id: string, files: Texts): RunLedger {
  const tip = ledger.possible.find((one) => one.id === ledger.tip) as Alternative;
  const last = ledger.possible.findLast((one) => one.acked)?.id ?? 0;
  const event: SentEvent = { id, life: tip.state.life, after: last, files, outcome: 'open', n: 0 };
  // One that was refused may be sent again.
  return { ...ledger, events: [...ledger.events.filter((one) => one.id !== id), event] };
}

function withEvent(ledger: RunLedger, id: string, change: Partial<SentEvent>): RunLedger {
  const events = ledger.events.map((event) => (event.id === id ? { ...event, ...change } : event));
  return { ...ledger, events };
}
