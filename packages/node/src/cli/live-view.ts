import { toJson } from './json.js';
import { hasEnded, progressOf, type SeenRun, stateOf, statusOf, styleOf, toLine } from './run-lines.js';
import { addressOf } from './store-at.js';
import { table } from './table.js';
import { paint, plain, type Terminal } from './terminal.js';

const BAR_CELLS = 20;

/**
 * Shows runs as they go: a line for each, drawn anew on a terminal; where it is none, a line for each change; with
 * `json`, an object for each change.
 *
 * Owns: the lines drawn last, and what was told of each run.
 * 1. What has ended leaves the lines drawn anew and stays above them, said once.
 * 2. The same is never told twice.
 */
export class LiveView {
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #told = new Map<string, string>();
  #lines: readonly string[] = [];

  constructor(terminal: Terminal, { json }: { json: boolean }) {
    this.#terminal = terminal;
    this.#json = json;
  }

  /** @param runs all that go on, and those that have ended since. */
  show(runs: readonly SeenRun[]): void {
    const changed = runs.filter((run) => this.#isNews(run));
    if (changed.length === 0) return;
    if (this.#json) for (const run of changed) this.#terminal.out(toJson({ kind: 'run', ...run }));
    else if (!this.#terminal.live) for (const run of changed) this.#terminal.out(toLine(run));
    else this.#draw(changed.filter(hasEnded), drawn(runs, this.#terminal));
  }

  /** Lets something be said above the lines that are drawn anew. */
  around(say: () => void): void {
    this.#terminal.raw(this.#erasure());
    say();
    this.#terminal.raw(this.#lines.map((line) => `${line}\n`).join(''));
  }

  #isNews(run: SeenRun): boolean {
    const told = this.#json ? toJson(run) : toLine(run);
    const key = addressOf(run);
    if (this.#told.get(key) === told) return false;
    this.#told.set(key, told);
    return true;
  }

  #draw(ended: readonly SeenRun[], lines: readonly string[]): void {
    const above = ended.map((run) => `${paint(this.#terminal, styleOf(run), statusOf(run))} ${plain(addressOf(run))}`);
    this.#terminal.raw(this.#erasure() + [...above, ...lines].map((line) => `${line}\n`).join(''));
    this.#lines = lines;
  }

  /** Moves to the first of the lines drawn last, and clears all from there on. */
  #erasure(): string {
    return this.#lines.length === 0 ? '' : `\u001b[${this.#lines.length}A\u001b[J`;
  }
}

/** What goes on, in no more lines than there are: what has left the screen can't be drawn anew. */
function drawn(runs: readonly SeenRun[], terminal: Terminal): string[] {
  const going = runs.filter((run) => !hasEnded(run));
  const fitting = going.length < terminal.height ? going.length : Math.max(terminal.height - 2, 1);
  const [, ...lines] = table(going.slice(0, fitting), COLUMNS, terminal);
  return fitting < going.length ? [...lines, paint(terminal, 'dim', `… and ${going.length - fitting} more`)] : lines;
}

const COLUMNS = [
  { title: '', cell: (run: SeenRun) => plain(addressOf(run)), gives: true as const },
  { title: '', cell: statusOf, style: styleOf },
  { title: '', cell: stateOf, gives: true as const },
  { title: '', cell: bar, gives: true as const },
];

function bar({ progress }: SeenRun): string {
  if (!progress || progress.total <= 0) return progressOf({ progress });
  const full = Math.round((Math.min(Math.max(progress.done, 0), progress.total) / progress.total) * BAR_CELLS);
  return `${progressOf({ progress })} ${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
}
