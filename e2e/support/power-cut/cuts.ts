import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Page } from '@playwright/test';
import { Chance } from '../../../packages/node/torture/src/chance.js';
import { copyStill, makeExt4, withMount } from '../../../packages/node/torture/src/mounts.js';
import type { FoundRun, PowerCutPage } from '../../pages/power-cut/main.js';
import { NOTES } from '../../pages/power-cut/workflow.js';
import { type LaunchedBrowser, launchBrowser } from '../browser.js';
import { openStepLedger, type StepLedger } from '../step-ledger.js';
import { stopBrowser } from './stop.js';
import { faultsOf, lossesOf, misnoted, repeatedEpochs, repeatsOf, toldOf } from './verdict.js';

declare const app: PowerCutPage;

const IMAGE_BYTES = 160 << 20;
const LANES = 3;

export interface CutPlan {
  /** Address of the page. */
  readonly url: string;
  readonly durability: 'strict' | 'relaxed';
  readonly cuts: number;
  readonly seed: number;
  /** Empty; the disks are made in it. */
  readonly folder: string;
}

export interface CutOutcome {
  /** What the outside was told before a cut. */
  readonly told: number;
  /** Of that, what was not there after it; and how many cuts lost something. */
  readonly losses: readonly string[];
  readonly lossy: number;
  /** Epochs that the hosts of two lives were given: a strict store gives each once. */
  readonly epochs: readonly string[];
  /** What no store may come to, strict or relaxed. */
  readonly faults: readonly string[];
}

/**
 * Cuts the power of a disk on which Chromium has its profile, again and again: the image of the mounted file system is
 * copied while all processes of the browser stand still, so what the kernel has not passed on to the device is not in it.
 * The browser is then started on the copy, looked into, and worked with until the next cut.
 * @returns why it can't be done here, where it can't.
 */
export async function cutPower(plan: CutPlan): Promise<CutOutcome | string> {
  const first = join(plan.folder, 'disk-0');
  const why = makeExt4(first, IMAGE_BYTES);
  if (why) return why;
  const ledger = await openStepLedger();
  const lives = new Lives(plan, ledger);
  try {
    for (let life = 0; life <= plan.cuts; life++) {
      const [image, copy] = [join(plan.folder, `disk-${life}`), join(plan.folder, `disk-${life + 1}`)];
      const lived = await withMount(plan.folder, ['-o', 'loop', image], (mounted) =>
        lives.live(join(mounted, 'profile'), life, () => copyStill(image, copy)),
      );
      if (lived) return lived;
      rmSync(image);
    }
    return lives.outcome;
  } finally {
    await ledger.close();
  }
}

/**
 * The lives of one browser profile, each but the last ended by a power cut.
 *
 * Owns: what was found after each cut. What was lost is told once, and nobody waits for it any more.
 */
class Lives {
  readonly #plan: CutPlan;
  readonly #ledger: StepLedger;
  readonly #chance: Chance;
  readonly #losses: string[] = [];
  readonly #faults: string[] = [];
  /** How many requests the ledger had before each life. */
  readonly #begins: number[] = [];
  #told = 0;
  #lossy = 0;
  /** Requests of the ledger that were judged. */
  #since = 0;

  constructor(plan: CutPlan, ledger: StepLedger) {
    this.#plan = plan;
    this.#ledger = ledger;
    this.#chance = new Chance(`${plan.durability} ${plan.seed}`);
  }

  get outcome(): CutOutcome {
    const lives = this.#begins.map((begin, life) => toldOf(this.#ledger.asks.slice(begin, this.#begins[life + 1])));
    const epochs = repeatedEpochs(lives);
    return { told: this.#told, losses: this.#losses, lossy: this.#lossy, epochs, faults: this.#faults };
  }

  async live(profile: string, life: number, cut: () => void): Promise<undefined> {
    const { url, durability, cuts, folder } = this.#plan;
    this.#begins.push(this.#ledger.asks.length);
    // Nobody looks at the cache: the image holds less without it.
    const browser = await launchBrowser({ profile, args: [`--disk-cache-dir=${join(folder, 'cache')}`] });
    const page = await browser.context.newPage();
    await page.goto(`${url}/?durability=${durability}&ledger=${this.#ledger.url}`);
    await page.waitForFunction(() => 'app' in globalThis);
    if (life > 0) await this.#judge(page, life);
    if (life === cuts) await browser.close();
    else await this.#workUntilCut(browser, page, life, cut);
  }

  async #judge(page: Page, life: number): Promise<void> {
    const asks = this.#ledger.asks;
    const told = toldOf(asks.slice(this.#since));
    const before = asks.length;
    const found = await page.evaluate(() => app.found());
    const losses = lossesOf(told, found);
    const outputs = new Map<string, readonly number[]>();
    for (const run of found) outputs.set(run.id, await finish(page, run));
    const after = toldOf(asks.slice(before));
    const faults = [...faultsOf(found), ...misnoted(outputs), ...repeatsOf(found, after)];
    this.#told += told.starts.length + told.notes.length + told.seqs.length;
    this.#losses.push(...losses.map((loss) => `cut ${life}: ${loss}`));
    this.#faults.push(...faults.map((fault) => `cut ${life}: ${fault}`));
    if (losses.length > 0) this.#lossy++;
    this.#since = before;
  }

  async #workUntilCut({ context }: LaunchedBrowser, page: Page, life: number, cut: () => void): Promise<void> {
    // Every second time nothing is done but accept: what follows would make that durable.
    const still = life % 2 === 1;
    const until = this.#ledger.asks.length + 20 + this.#chance.below(still ? 20 : 120);
    for (let lane = 0; lane < (still ? 1 : LANES); lane++) {
      await page.evaluate(({ id, still }) => void app.work(id, still), { id: `${life}-${lane}`, still });
    }
    await expect.poll(() => this.#ledger.asks.length, { intervals: [1], timeout: 60_000 }).toBeGreaterThan(until);
    const kill = await stopBrowser(context);
    cut();
    await kill();
  }
}

async function finish(page: Page, { id, taken, waiting }: FoundRun): Promise<readonly number[]> {
  const lacking = Array.from({ length: NOTES }, (_, at) => at + 1).filter((n) => n > taken && !waiting.includes(n));
  return page.evaluate(({ id, lacking }) => app.finish(id, lacking), { id, lacking });
}
