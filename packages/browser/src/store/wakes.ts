import { type Checkpoint, type RunAddress, runKey, type StoreChange } from '@holdfast/core/store';
import type { Channel } from '../wire/channel.js';

/** States are shown once a frame, so other tabs need not look more often; in ms. */
const FRAME_MS = 16;

/** What is told at a time is one message: each of them costs as much as many changes in one. */
type Line = Pick<Channel<readonly StoreChange[]>, 'tell' | 'listen' | 'close'>;
type Committed = Pick<Checkpoint, 'ops'> & RunAddress;

/**
 * What the tabs of an origin tell each other of one store's runs.
 *
 * Owns: what others have not been told yet. Never: what was stored.
 * 1. A commit after which a run rests, ends or is gone is told at once: none may follow. So is any acceptance.
 * 2. A commit of a run that goes on is told at once if none was for a frame, and else when the frame is over, many as one.
 * 3. Who ends before that leaves a run that is under way: whoever takes it up commits it, and tells.
 * 4. What was stored together is told in one message, in its order.
 */
export class Wakes {
  readonly #channel: Line;
  /** Runs that were told of in this frame; with an address, those to be told of at its end. */
  readonly #recent = new Map<string, RunAddress | undefined>();
  #frame: ReturnType<typeof setTimeout> | undefined;

  constructor(channel: Line) {
    this.#channel = channel;
  }

  accepted(runs: readonly RunAddress[]): void {
    this.#post('accepted', runs);
  }

  committed(checkpoints: readonly Committed[]): void {
    this.#tell(checkpoints.filter((checkpoint) => !this.#mayWait(checkpoint)));
  }

  listen(listener: (change: StoreChange) => void): () => void {
    return this.#channel.listen((changes) => {
      for (const change of changes) listener(change);
    });
  }

  /** Tells what is to be told. */
  close(): void {
    clearTimeout(this.#frame);
    this.#post('committed', toBeTold(this.#recent));
    this.#recent.clear();
    this.#channel.close();
  }

  /** Whether it is told at the end of the frame, of which a note is made. */
  #mayWait(checkpoint: Committed): boolean {
    const key = runKey(checkpoint);
    const waits = goesOn(checkpoint) && this.#recent.has(key);
    this.#recent.set(key, waits ? checkpoint : undefined);
    return waits;
  }

  #tell(runs: readonly RunAddress[]): void {
    this.#post('committed', runs);
    if (runs.length > 0) this.#frame ??= setTimeout(() => this.#over(), FRAME_MS);
  }

  #over(): void {
    this.#frame = undefined;
    const runs = toBeTold(this.#recent);
    this.#recent.clear();
    for (const run of runs) this.#recent.set(runKey(run), undefined);
    this.#tell(runs);
  }

  #post(kind: 'accepted' | 'committed', runs: readonly RunAddress[]): void {
    if (runs.length > 0) this.#channel.tell(runs.map(({ workflow, run }) => ({ kind, workflow, run })));
  }
}

function toBeTold(recent: ReadonlyMap<string, RunAddress | undefined>): RunAddress[] {
  return [...recent.values()].filter((run) => run !== undefined);
}

function goesOn({ ops }: Pick<Checkpoint, 'ops'>): boolean {
  return ops.some((op) => op.op === 'run' && op.row.status === 'running');
}
