import type { FileSystem } from '../file-system.js';
import { LogView } from './log-view.js';
import { LinePlace } from './place.js';
import type { LogState } from './state.js';

/**
 * The log as processes see it that do not own it: one call after the other catches up with the files.
 *
 * Owns: the order in which calls catch up.
 */
export class SharedView {
  readonly #place: { readonly fileSystem: FileSystem; readonly directory: string };
  #view: LogView;
  #catchingUp: Promise<unknown> = Promise.resolve();

  constructor(place: { readonly fileSystem: FileSystem; readonly directory: string }) {
    this.#place = place;
    this.#view = this.#fresh();
  }

  /** The state up to what is known to be synced. @throws as {@link LogView.catchUp}. */
  present(): Promise<LogState> {
    const view = this.#catchingUp.then(async () => {
      try {
        await this.#view.catchUp();
        return this.#view.state;
      } catch (error) {
        this.#view = this.#fresh(); // It may have been taken in by halves.
        throw error;
      }
    });
    this.#catchingUp = view.catch(() => undefined);
    return view;
  }

  /** The state with all good lines. @throws as {@link LogView.catchUp}. */
  async withUnsure(): Promise<LogState> {
    const view = this.#fresh();
    await view.catchUp();
    const segment = view.state.segments.at(-1) ?? { file: '', length: 0, live: 0 };
    for (const { line, offset, length } of view.unsure)
      view.state.apply(line.entry, new LinePlace(segment, offset, length));
    return view.state;
  }

  #fresh(): LogView {
    return new LogView(this.#place.fileSystem, this.#place.directory);
  }
}
