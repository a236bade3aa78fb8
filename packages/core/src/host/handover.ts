import { HoldfastError } from '../errors/index.js';
import type { Wanted } from '../store/store.js';

/**
 * Lets a store go to a host that had better have it, at the moment which costs least.
 *
 * Owns: when. Never: the store.
 * 1. What is under way is not cut off for a host that is only better placed: it gets the store between two steps.
 */
export class Handover {
  readonly #wanted: Wanted | undefined;
  readonly #isBusy: () => boolean;
  readonly #give: () => void;
  readonly #leave: () => void;

  /**
   * @param isBusy whether a try of a step, or a promise actor, is under way.
   * @param give called once, when the store is to be given back: nothing may begin after that.
   */
  constructor(wanted: Wanted | undefined, isBusy: () => boolean, give: () => void) {
    this.#wanted = wanted;
    this.#isBusy = isBusy;
    this.#give = give;
    this.#leave = wanted?.subscribe(() => this.look()) ?? (() => {});
  }

  /** This may be the moment. */
  look(): void {
    const want = this.#wanted?.want();
    if (want === undefined || (want === 'at-rest' && this.#isBusy())) return;
    this.end();
    this.#give();
  }

  end(): void {
    this.#leave();
  }
}

/** Why runs end here that go on elsewhere. */
export function handedOver(): HoldfastError {
  return new HoldfastError('CLOSED', {
    message: 'The store was handed over to another host, which goes on with its runs.',
  });
}
