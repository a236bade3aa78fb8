import type { Entry } from './entry.js';
import type { LinePlace } from './place.js';

/** So many bytes of lines are kept at the most: some thousand starts. */
const KEPT_BYTES = 4 << 20;

/**
 * What the lines say that were written last of those which are read soon: a run is brought into memory right after its
 * start, and shown to who has started it; an event is taken right after it was accepted. To open the file again for each
 * costs more than all else of a short run.
 *
 * Owns: the entries it keeps. Never: what is in the log; whoever finds nothing here reads the file.
 * 1. The oldest go first, once there are more bytes of them than {@link KEPT_BYTES}.
 */
export class FreshLines {
  readonly #lines = new Map<LinePlace, { readonly entry: Entry; readonly bytes: number }>();
  #bytes = 0;

  of(place: LinePlace): Entry | undefined {
    return this.#lines.get(place)?.entry;
  }

  /** @param entry whose parts nobody changes. */
  written(place: LinePlace, entry: Entry): void {
    if (entry.kind !== 'start' && entry.kind !== 'inbox') return;
    // A line that is written anew elsewhere may be a little longer there.
    this.#lines.set(place, { entry, bytes: place.length });
    this.#bytes += place.length;
    for (const [oldest, { bytes }] of this.#lines) {
      if (this.#bytes <= KEPT_BYTES) break;
      this.#lines.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}
