import type { VoyagePage } from '../../pages/voyage/main.js';
import { LOADS, NOTES, SAILS, type VoyageOutput } from '../../pages/voyage/workflow.js';
import { type EngineBrowser, type EngineTab, inTime, until } from '../engines/engine.js';
import { openStepLedger, type StepLedger } from '../step-ledger.js';
import type { Blow, Kind } from './kinds.js';

declare const app: VoyagePage;

/**
 * Where a voyage can be interrupted: in the turn in which its start is accepted, in the middle of a step, in the turn in
 * which a checkpoint or the acceptance of a note is seen.
 */
export type Place = { readonly at: 'start' | 'note' | 'in' | 'after'; readonly what: string };

const ofStep = (what: string): Place[] => [
  { at: 'in', what },
  { at: 'after', what },
];

/** In the order in which a voyage comes by. */
export const PLACES: readonly Place[] = [
  { at: 'start', what: 'voyage' },
  ...[...LOADS, ...SAILS].flatMap(ofStep),
  ...NOTES.flatMap((n): Place[] => [{ at: 'note', what: String(n) }, ...ofStep(`log:${n}`)]),
  ...ofStep('land'),
];

/** What was done to a voyage, and what was known then. */
export interface Interruption {
  readonly place: Place;
  readonly kind: string;
  /** So many requests had been made before, and when the page was back. */
  readonly from: number;
  readonly to: number;
  /** What the page had seen completed before. */
  readonly seen: readonly string[];
}

/** What is left of a voyage that has ended. */
export interface Logbook {
  readonly interruptions: readonly Interruption[];
  readonly asks: StepLedger['asks'];
  readonly output: VoyageOutput;
  /** Steps, sleeps and waits, once for each time that the history has them completed. */
  readonly completed: readonly string[];
  readonly seqs: readonly number[];
  /** Of the hosts that wrote them. */
  readonly epochs: readonly number[];
  /** How often the page came back out of the back/forward cache. */
  readonly outOfCache: number;
}

/**
 * One run of the workflow `voyage` in a browser, and everything that is done to it.
 *
 * Owns: its tab and its ledger. Every request of a step is held, so that it goes on where this lets it, and nowhere else.
 */
export class Voyage {
  readonly browser: EngineBrowser;
  readonly ledger: StepLedger;
  outOfCache = 0;
  readonly #url: string;
  readonly #interruptions: Interruption[] = [];
  #tab: EngineTab | undefined;

  private constructor(browser: EngineBrowser, ledger: StepLedger, url: string) {
    this.browser = browser;
    this.ledger = ledger;
    this.#url = url;
  }

  /**
   * Makes the whole voyage, interrupted where `kindAt` says so.
   * @throws when it does not go on within 20 s.
   */
  static async make(
    browser: EngineBrowser,
    url: string,
    kindAt: (place: number) => Kind | undefined,
  ): Promise<Logbook> {
    const ledger = await openStepLedger();
    const voyage = new Voyage(browser, ledger, url);
    try {
      return await voyage.#make(kindAt);
    } catch (error) {
      throw new Error(`${String(error)}\n${await voyage.#standing()}`, { cause: error });
    } finally {
      await ledger.close();
    }
  }

  get tab(): EngineTab {
    if (!this.#tab) throw new Error('The voyage has no tab.');
    return this.#tab;
  }

  /** Opens the voyage's page in a new tab, which is its tab from now on. */
  async open(): Promise<void> {
    this.#tab = await this.browser.open(this.#url);
    await until(this.tab, 'the page is loaded', () => 'app' in globalThis);
  }

  async #make(kindAt: (place: number) => Kind | undefined): Promise<Logbook> {
    for (const { what } of PLACES.filter(({ at }) => at === 'in')) this.ledger.hold(what);
    await this.open();
    for (const [index, place] of PLACES.entries()) await this.#pass(place, kindAt(index));
    await until(this.tab, 'the run is done', () => app.status() === 'done');
    const book = {
      interruptions: this.#interruptions,
      asks: [...this.ledger.asks],
      output: await this.tab.evaluate(() => app.output()),
      completed: await this.tab.evaluate(() => app.completed()),
      seqs: await this.tab.evaluate(() => app.seqs()),
      epochs: await this.tab.evaluate(() => app.epochs()),
      outOfCache: this.outOfCache,
    };
    await this.tab.close();
    return book;
  }

  /** Where it stands, for whoever has to find out why it does not go on. */
  async #standing(): Promise<string> {
    const last = this.#interruptions.slice(-3).map(({ kind, place }) => `${kind} (${place.at} ${place.what})`);
    const page = await inTime(
      'a look at the page',
      this.tab.evaluate(() => app.standing()),
    ).catch(String);
    const asks = this.ledger.asks.map(({ step }) => step).join(' ');
    return `The last interruptions: ${last.join(', ')}\nThe page: ${JSON.stringify(page)}\nThe ledger: ${asks}`;
  }

  async #pass(place: Place, kind: Kind | undefined): Promise<void> {
    const { at, what } = place;
    if (at === 'in') await this.#asked(what, 1);
    if (kind) await this.#interrupt(place, kind).catch((error) => this.#tellWhere(place, kind, error));
    else if (at === 'start') await this.#start();
    else if (at === 'note') await this.#note(what);
    else if (at === 'after') this.ledger.letGo(what);
  }

  #tellWhere({ at, what }: Place, { name }: Kind, cause: unknown): never {
    throw new Error(`It did not go on after "${name}" (${at} ${what} of ${this.#url}): ${String(cause)}`, { cause });
  }

  async #interrupt(place: Place, kind: Kind): Promise<void> {
    const { at, what } = place;
    const seen = at === 'start' ? [] : await this.tab.evaluate(() => app.completed());
    const blow = await kind.prepare(this);
    const from = this.ledger.asks.length;
    if (at === 'start') await this.#whileAccepting('started', () => this.#start(blow), blow);
    else if (at === 'note') await this.#whileAccepting(`note-${what}`, () => this.#note(what, blow), blow);
    else if (at === 'in') await this.#inTheMiddle(what, blow);
    else await this.#atCheckpoint(what, blow);
    this.#interruptions.push({ place, kind: kind.name, from, to: this.ledger.asks.length, seen });
  }

  /** What was not accepted before the blow is repeated, as an app would; what was accepted is not. */
  async #whileAccepting(what: string, send: () => Promise<void>, blow: Blow): Promise<void> {
    await send();
    await this.#strike(blow);
    if (await this.tab.evaluate((what) => app.accepted(what), what)) return;
    if ('deed' in blow)
      throw new Error(`"${what}" was accepted before the page did "${blow.deed}", and that is forgotten.`);
    await (what === 'started' ? this.#start() : this.#note(what.slice('note-'.length)));
  }

  async #inTheMiddle(step: string, blow: Blow): Promise<void> {
    const asked = this.ledger.keysOf(step).length;
    if ('deed' in blow) await this.tab.evaluate((deed) => app.do(deed), blow.deed).catch(() => undefined);
    await this.#strike(blow);
    await this.#asked(step, asked + 1);
  }

  async #atCheckpoint(step: string, blow: Blow): Promise<void> {
    if ('deed' in blow) await this.tab.evaluate((deed) => app.atNextCheckpoint(deed), blow.deed);
    this.ledger.letGo(step);
    await this.#strike(blow);
  }

  async #strike(blow: Blow): Promise<void> {
    if ('strike' in blow) await blow.strike();
    await blow.mend();
  }

  /** Begins it; what comes after its acceptance is not waited for. */
  async #start(blow?: Blow): Promise<void> {
    const deed = blow && 'deed' in blow ? blow.deed : undefined;
    await this.tab.evaluate(({ url, deed }) => void app.start(url, deed), { url: this.ledger.url, deed });
  }

  async #note(n: string, blow?: Blow): Promise<void> {
    const deed = blow && 'deed' in blow ? blow.deed : undefined;
    await this.tab.evaluate(({ n, deed }) => void app.note(n, deed), { n: Number(n), deed });
  }

  #asked(step: string, times: number): Promise<void> {
    return inTime(`${step} was asked for (${times})`, this.ledger.requested(step, times));
  }
}
