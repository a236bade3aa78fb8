import { fits, see } from './audit.js';
import { Chance } from './chance.js';
import type { Client } from './client.js';
import type { Alternative } from './ledger.js';
import { historyRow as row } from './records.js';
import type { Ask, RunState, Texts } from './run-state.js';

/** How much is asked for. */
export interface Amount {
  readonly runs: number;
  /** Asks of each run. */
  readonly steps: number;
  /** The share of checkpoints that need not survive power loss; default 0.35. */
  readonly relaxed?: number;
}

/** Values are about that long, and some ten times as long. */
const TEXT_CHARS = 60;

/**
 * Lives of several runs side by side, made by chance: started, checkpointed strictly and not, two commits at a time,
 * sent events of which some are taken, given attachments, pruned, deleted, begun anew. Ends early when its owner is
 * fenced or its disk is gone.
 */
export async function work(client: Client, { runs, steps, relaxed = 0.35 }: Amount, seed: string): Promise<void> {
  const names = Array.from({ length: runs }, (_, index) => `run-${index}`);
  await Promise.all(names.map((run) => live(new Life(client, run, new Chance(`${seed} ${run}`), relaxed), steps)));
}

async function live(life: Life, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await life.step();
    if (life.over) break;
  }
  await life.settle();
}

class Life {
  /** Whether the client can do nothing more for this run. */
  over = false;
  readonly #client: Client;
  readonly #run: string;
  readonly #chance: Chance;
  readonly #relaxed: number;
  #sending: Promise<unknown>[] = [];

  constructor(client: Client, run: string, chance: Chance, relaxed: number) {
    this.#relaxed = relaxed;
    this.#client = client;
    this.#run = run;
    this.#chance = chance;
  }

  get #state(): RunState {
    return this.#client.ledger.tip(this.#run);
  }

  async settle(): Promise<void> {
    await Promise.all(this.#sending.splice(0));
  }

  async step(): Promise<void> {
    const chance = this.#chance;
    const { row } = this.#state;
    if (!row) return this.#ask(this.#beginning('start'));
    if (row.status === 'pruned') return this.#ask(chance.is(0.5) ? { kind: 'delete' } : this.#beginning('restart'));
    const fate = chance.next();
    if (fate < 0.04) return this.#wiping({ kind: 'prune', stamp: this.#client.fresh() });
    if (fate < 0.07) return this.#wiping({ kind: 'delete' });
    if (fate < 0.11) return this.#wiping(this.#beginning('restart'));
    if (fate < 0.4) return this.#send();
    if (fate < 0.5) return this.#two();
    if (fate < 0.55) return this.#ask(this.#commit({ durability: 'relaxed', head: true }));
    return this.#ask(this.#commit({ durability: chance.is(this.#relaxed) ? 'relaxed' : 'strict' }));
  }

  async #ask(ask: Ask): Promise<void> {
    await this.#after(() => this.#client.ask(this.#run, ask));
  }

  /** What is accepted at the same time as its inbox goes may go with it or not: such events are waited for. */
  async #wiping(ask: Ask): Promise<void> {
    await this.settle();
    await this.#ask(ask);
  }

  /** The second is asked for before the first is known to be stored. */
  async #two(): Promise<void> {
    const first = this.#client.ask(this.#run, this.#commit({ durability: 'relaxed' }));
    const second = this.#client.ask(this.#run, this.#commit({ durability: 'strict', take: false }));
    const outcomes = await Promise.all([first, second]);
    const outcome = outcomes.includes('unknown') ? 'unknown' : outcomes.includes('refused') ? 'refused' : 'ack';
    await this.#after(async () => outcome, 1);
  }

  async #send(): Promise<void> {
    const event = `event-${this.#client.fresh()}`;
    const files = this.#chance.is(0.25) ? { [`${event}/${this.#chance.is(0.5) ? 'f' : 'b'}`]: this.#text() } : {};
    const sending = this.#client.send(this.#run, event, files);
    if (this.#chance.is(0.5)) this.#sending.push(sending);
    else await sending;
  }

  async #after(call: () => Promise<string>, times = 3): Promise<void> {
    const client = this.#client;
    const outcome = await client.persist(call as () => Promise<'ack'>, times);
    if (outcome === 'ack') return;
    if (outcome === 'refused') this.over = client.lastCode !== 'STORE_SEQ';
    else this.over = client.lastCode === 'STORE_FENCED' || !(await this.#look());
  }

  async #look(): Promise<boolean> {
    try {
      return await this.#client.look(this.#run);
    } catch {
      return false;
    }
  }

  #beginning(kind: 'start' | 'restart'): Ask {
    const stamp = this.#client.fresh();
    const files: Texts = this.#chance.is(0.3) ? { [`input-${stamp}/f`]: this.#text() } : {};
    return { kind, stamp, input: this.#text(), files };
  }

  #commit({ durability, head = false, take = true }: CommitShape): Ask {
    const chance = this.#chance;
    const [state, stamp] = [this.#state, this.#client.fresh()];
    const seq = (state.row?.seq ?? 0) + (head ? 0 : 1);
    const common = { kind: 'commit', durability, stamp, seq } as const;
    if (head) return { ...common, put: {}, remove: [], files: {}, taken: [] };
    const put = { left: `${stamp} ${this.#text()}`, right: `${stamp}`, [`value-${chance.below(4)}`]: this.#text() };
    const remove = chance.is(0.2) ? [`value-${chance.below(4)}`] : [];
    const id = chance.is(0.4) ? `photo-${chance.below(2)}` : `photo-${stamp}`;
    const files: Texts = chance.is(0.15) ? { [`${id}/b`]: `${stamp} ${this.#text()}` } : {};
    const forget = chance.is(0.1) ? { forget: Math.max(0, seq - 2) } : {};
    return { ...common, put, remove, files, ...forget, taken: take ? this.#taken() : [] };
  }

  /** Some of those that are known to wait. */
  #taken(): string[] {
    const { life, taken } = this.#state;
    const { events } = this.#client.ledger.of(this.#run);
    const waiting = events.filter((one) => one.outcome === 'queued' && one.life === life && !taken.includes(one.id));
    return waiting.filter(() => this.#chance.is(0.4)).map(({ id }) => id);
  }

  #text(): string {
    return 'x'.repeat(this.#chance.below(this.#chance.is(0.06) ? 10 * TEXT_CHARS : TEXT_CHARS));
  }
}

interface CommitShape {
  readonly durability: 'strict' | 'relaxed';
  readonly head?: boolean;
  readonly take?: boolean;
}

/**
 * A reader beside the owner: what it was shown is known to be safe, so a run never falls behind that. Answers with what
 * it was shown and can't be.
 */
export async function readAlong(reader: Client, runs: number, times: number, seed: string): Promise<string[]> {
  const chance = new Chance(`${seed} reader`);
  const problems: string[] = [];
  const shown = new Map<string, number>();
  for (let time = 0; time < times; time++) {
    const run = `run-${chance.below(runs)}`;
    const seen = await see(reader.store, run);
    const ledger = reader.ledger.of(run);
    const all = [...ledger.past, ...ledger.possible];
    const here = ({ state }: Alternative) =>
      fits(run, state, ledger, { ...seen, history: state.history.map(row) }, true);
    const match = all.find(here);
    if (all.findLastIndex(here) < all.findIndex(({ id }) => id === shown.get(run))) {
      problems.push(`${run}: lost: a reader saw an earlier state than before`);
    }
    if (match) shown.set(run, match.id);
    if (match) reader.ledger.shown(run, match.id);
    else problems.push(`${run}: invented: a reader saw seq ${seen.stored?.row.seq}, stamp ${seen.stored?.row.key}`);
  }
  return problems;
}
