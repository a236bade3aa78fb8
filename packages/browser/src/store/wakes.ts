import { type Checkpoint, type RunAddress, runKey, type StoreChange } from '@holdfast/core/store';
import type { Channel } from '../wire/channel.js';

/** States are shown once a frame, so other tabs need not look more often; in ms. */
const FRAME_MS = 16;

type Line = Pick<Channel<StoreChange>, 'tell' | 'listen' | 'close'>;

/**
 * What the tabs of an origin tell each other of one store's runs.
 *
 * Owns: what others have not been told yet. Never: what was stored.
 * 1. A commit after which a run rests, ends or is gone is told at once: none may follow. So is any acceptance.
 * 2. A commit of a run that goes on is told at once if none was for a frame, and else when the frame is over, many as one.
 * 3. Who ends before that leaves a run that is under way: whoever takes it up commits it, and tells.
 */
export class Wakes {
  readonly #channel: Line;
  /** Runs that were told of in this frame; with an address, those to be told of at its end. */
  readonly #recent = new Map<string, RunAddress | undefined>();
  #frame: ReturnType<typeof setTimeout> | undefined;

  constructor(channel: Line) {
    this.#channel = channel;
  }

  accepted({ workflow, run }: RunAddress): void {
    this.#channel.tell({ kind: 'accepted', workflow, run });
  }

  committed(checkpoint: Pick<Checkpoint, 'ops'> & RunAddress): void {
    const key = runKey(checkpoint);
    if (goesOn(checkpoint) && this.#recent.has(key)) this.#recent.set(key, checkpoint);
    else this.#tell(key, checkpoint);
  }

  listen(listener: (change: StoreChange) => void): () => void {
    return this.#channel.listen(listener);
  }

  /** Tells what is to be told. */
  close(): void {
    clearTimeout(this.#frame);
    for (const address of this.#recent.values()) if (address) this.#post(address);
    this.#recent.clear();
    this.#channel.close();
  }

  #tell(key: string, address: RunAddress): void {
    this.#post(address);
    this.#recent.set(key, undefined);
    this.#frame ??= setTimeout(() => this.#over(), FRAME_MS);
  }

  #over(): void {
    this.#frame = undefined;
    const before = [...this.#recent];
    this.#recent.clear();
    for (const [key, address] of before) if (address) this.#tell(key, address);
  }

  #post({ workflow, run }: RunAddress): void {
    this.#channel.tell({ kind: 'committed', workflow, run });
  }
}

function goesOn({ ops }: Pick<Checkpoint, 'ops'>): boolean {
  return ops.some((op) => op.op === 'run' && op.row.status === 'running');
}
