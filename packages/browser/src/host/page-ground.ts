import type { Clock, Ground } from '@holdfast/core/host';

/** How long is waited between two looks, in ms, and for how long the page is believed to be on its way out. */
const LOOK_MS = 50;
const LEAVING_MS = 60_000;

/**
 * The page under a worker. From the moment at which a page of WebKit begins to be left until it has been, or turns out to
 * stay (a download, an answer without content), every read from the network or of a Blob fails in it and in its workers:
 * milliseconds as a rule, seconds where the next page's server is slow. No event tells a worker; a read of its own does.
 *
 * Never: ends anything. The page ends its worker, in the middle of the wait.
 * 1. What has failed while nothing can be read has not failed of itself; it is done anew when something can be.
 */
export class PageGround implements Ground {
  readonly #clock: Clock;
  readonly #canRead: () => Promise<boolean>;

  constructor(clock: Clock, canRead: () => Promise<boolean> = canReadBlobs) {
    this.#clock = clock;
    this.#canRead = canRead;
  }

  async holds(): Promise<boolean> {
    if (await this.#canRead()) return true;
    const since = this.#clock.now();
    do await this.#elapsed();
    while (!(await this.#canRead()) && this.#clock.now() - since < LEAVING_MS);
    return this.#clock.now() - since >= LEAVING_MS;
  }

  #elapsed(): Promise<void> {
    return new Promise((resolve) => void this.#clock.at(this.#clock.now() + LOOK_MS, resolve));
  }
}

async function canReadBlobs(): Promise<boolean> {
  try {
    await new Blob(['.']).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}
