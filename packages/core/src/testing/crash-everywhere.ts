import {
  checkOption,
  checkOptions,
  FUNCTION,
  from,
  type Kind,
  type Kinds,
  MS,
  oneOf,
  TEXT,
} from '../define/options.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { checkWorkflows, WORKFLOW } from '../define/workflows.js';
import { HoldfastError } from '../errors/index.js';
import { lead, type Outcome } from './lead.js';
import type { CrashPoint, Moment } from './mortal-host.js';
import { difference } from './outcome.js';
import type { Scenario } from './scenario.js';

export interface CrashOptions<W extends AnyWorkflow = AnyWorkflow> extends Scenario<W> {
  /** Single crash points to try: all (the default), or about so many, spread evenly, for a workflow with thousands. */
  readonly singles?: 'all' | number;
  /** Pairs of crashes to try: all, or about so many, half of them at the first moment of a recovery. Default 100. */
  readonly pairs?: 'all' | number;
  /** Only these crashes, as a report names them: `'7-after'`, or `'7-after 2-before'` for two. */
  readonly replay?: string;
  /** Parallel parts of the run may end in another order after a crash: their order is not compared. */
  readonly unordered?: boolean;
  /** Work under way takes time (timeouts of steps), so that after a crash it ends later: instants are not compared. */
  readonly untimed?: boolean;
  /** Runs led at a time. Default 1; more go faster where nothing is shared but what `world` makes. */
  readonly concurrency?: number;
  /** How long (real ms) an effect under way may be silent before it is taken to wait for time to pass. Default 50. */
  readonly patienceMs?: number;
}

/** What was tried, and found. */
export interface CrashReport {
  readonly workflow: string;
  /** Store writes and effects of the undisturbed run. */
  readonly moments: readonly Moment[];
  /** Runs with one crash: two for each moment, where all are tried. */
  readonly singles: number;
  /** Runs with two crashes. */
  readonly pairs: number;
  /** None, when {@link crashEverywhere} gave it. */
  readonly differences: readonly CrashDifference[];
}

/** A crash that changed what came out. */
export interface CrashDifference {
  /** For {@link CrashOptions.replay}. */
  readonly replay: string;
  /** Where each crash was, in words. */
  readonly where: string;
  readonly what: string;
}

/**
 * Runs a workflow once undisturbed; then again for every store write and every effect, with a crash just before and
 * just after it; then with pairs of crashes, in recoveries above all. Compares the result, the checkpoints (events, steps, timers), the stored values, the effects and what `world().observe` saw.
 * On a manual clock and an in-memory store: no time passes, and the same crash gives the same end each time.
 *
 * @throws `CRASH_DIFFERS` with the first difference, the crash that made it, and how to replay it; a plain Error when
 * the undisturbed run doesn't get to its end.
 *
 * @example
 * test('survives every crash', () =>
 *   crashEverywhere(photoImport, {
 *     input: { files: ['a', 'b'] },
 *     events: [{ type: 'APPROVE', by: 'ann' }],
 *     world: () => {
 *       const server = new FakeServer();
 *       return { services: { upload: server.upload }, observe: () => server.files };
 *     },
 *   }));
 */
export async function crashEverywhere<W extends AnyWorkflow>(
  workflow: W,
  options: CrashOptions<W> = {},
): Promise<CrashReport> {
  const report = await findDifferences(workflow, options, 1);
  const [first] = report.differences;
  if (!first) return report;
  throw new HoldfastError('CRASH_DIFFERS', {
    message: `Workflow "${workflow.id}" comes out otherwise when its host dies ${first.where}.\n${first.what}\n`,
    remedy: `Replay it with crashEverywhere(workflow, { …, replay: '${first.replay}' }).`,
    details: { workflow: workflow.id, ...first },
  });
}

/** As {@link crashEverywhere}, but gathers up to `most` differences in place of throwing the first. */
export async function findDifferences<W extends AnyWorkflow>(
  workflow: W,
  options: CrashOptions<W> = {},
  most = Number.POSITIVE_INFINITY,
): Promise<CrashReport> {
  checkOption(workflow, WORKFLOW, 'workflow', 'crashEverywhere');
  checkOptions(options as CrashOptions, 'crashEverywhere', KINDS);
  const { workflows = [] } = options;
  checkWorkflows(workflows, 'crashEverywhere');
  return new CrashSearch(workflow, options as CrashOptions, most).search();
}

const DEFAULT_PAIRS = 100;

const HOW_MANY: Kind = ["'all', or a number", (many: unknown) => many === 'all' || MS[1](many as never)];
const KINDS: Kinds<CrashOptions> = {
  singles: HOW_MANY,
  pairs: HOW_MANY,
  replay: TEXT,
  unordered: oneOf(true, false),
  untimed: oneOf(true, false),
  concurrency: from(1),
  patienceMs: MS,
  input: null,
  workflows: null,
  events: ['an array', Array.isArray],
  until: FUNCTION,
  world: FUNCTION,
};

/** Owns: what was tried and found. */
class CrashSearch {
  readonly #workflow: AnyWorkflow;
  readonly #options: CrashOptions;
  readonly #most: number;
  readonly #differences: CrashDifference[] = [];
  readonly #tried = { singles: 0, pairs: 0 };
  #calm: Outcome | undefined;

  constructor(workflow: AnyWorkflow, options: CrashOptions, most: number) {
    this.#workflow = workflow;
    this.#options = options;
    this.#most = most;
  }

  async search(): Promise<CrashReport> {
    this.#calm = await this.#lead([]);
    const moments = this.#calm.moments[0] ?? [];
    const { replay } = this.#options;
    if (replay === undefined) await this.#everywhere(moments);
    else await this.#try(toCrashes(replay));
    return { workflow: this.#workflow.id, moments, ...this.#tried, differences: this.#differences };
  }

  async #everywhere(moments: readonly Moment[]): Promise<void> {
    const { singles: most = 'all', pairs: wanted = DEFAULT_PAIRS } = this.#options;
    const singles = most === 'all' ? pointsOf(moments) : spread(pointsOf(moments), most);
    const outcomes = await this.#tryAll(singles.map((point) => [point]));
    const pairs = singles.flatMap((first, index) => {
      const recovery = outcomes[index]?.moments[1] ?? [];
      return pointsOf(recovery).map((second) => [first, second] as const);
    });
    const recoveries = pairs.filter(([, { moment }]) => moment === 1);
    const rest = pairs.filter(([, { moment }]) => moment !== 1);
    if (wanted === 'all') return void (await this.#tryAll(pairs));
    const first = spread(recoveries, wanted / 2);
    await this.#tryAll([...first, ...spread(rest, wanted - first.length)]);
  }

  async #tryAll(all: readonly (readonly CrashPoint[])[]): Promise<(Outcome | undefined)[]> {
    const outcomes: (Outcome | undefined)[] = [];
    let next = 0;
    const lane = async () => {
      while (next < all.length) {
        const index = next++;
        outcomes[index] = await this.#try(all[index] ?? []);
      }
    };
    await Promise.all(Array.from({ length: this.#options.concurrency ?? 1 }, lane));
    return outcomes;
  }

  /** One run with these crashes; undefined when no more is to be found. */
  async #try(crashes: readonly CrashPoint[]): Promise<Outcome | undefined> {
    if (this.#differences.length >= this.#most) return undefined;
    if (crashes.length > 1) this.#tried.pairs++;
    else this.#tried.singles++;
    const { unordered = false, untimed = false } = this.#options;
    try {
      const outcome = await this.#lead(crashes);
      const what = difference(this.#calm as Outcome, outcome, { unordered, untimed });
      if (what) this.#found(crashes, what, outcome);
      return outcome;
    } catch (error) {
      this.#found(crashes, `It can't be led to its end: ${error instanceof Error ? error.message : error}`);
      return undefined;
    }
  }

  #lead(crashes: readonly CrashPoint[]): Promise<Outcome> {
    const { patienceMs = 50 } = this.#options;
    return lead(this.#workflow, this.#options, { crashes, patienceMs });
  }

  #found(crashes: readonly CrashPoint[], what: string, { moments }: Partial<Outcome> = {}): void {
    const replay = crashes.map(({ moment, when }) => `${moment}-${when}`).join(' ');
    const where = crashes.map(({ moment, when }, life) => {
      const name = (moments ?? this.#calm?.moments)?.[life]?.[moment - 1];
      return `just ${when} moment ${moment}${name ? ` (${name})` : ''}`;
    });
    this.#differences.push({ replay, where: where.join(', and its successor '), what });
  }
}

function pointsOf(moments: readonly Moment[]): CrashPoint[] {
  return moments.flatMap((_, index): CrashPoint[] => [
    { moment: index + 1, when: 'before' },
    { moment: index + 1, when: 'after' },
  ]);
}

/** About `count` of `all`, at even distances. */
function spread<T>(all: readonly T[], count: number): T[] {
  const every = Math.max(1, all.length / Math.max(count, 1));
  return count <= 0 ? [] : all.filter((_, index) => Math.floor(index / every) !== Math.floor((index - 1) / every));
}

function toCrashes(replay: string): CrashPoint[] {
  return replay.split(' ').map((point): CrashPoint => {
    const [, moment, when] = /^(\d+)-(before|after)$/.exec(point) ?? [];
    if (moment && when) return { moment: Number(moment), when: when as CrashPoint['when'] };
    throw new HoldfastError('OPTION_INVALID', {
      message: `replay has "${point}", which names no crash.`,
      remedy: "Give what a report says, as '7-after' or '7-after 2-before'.",
    });
  });
}
