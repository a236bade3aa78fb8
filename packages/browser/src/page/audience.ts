import type { HostLink, LinkStatus, Notice } from '@holdfast/core/client';

type Listener = Parameters<HostLink['listen']>[0];

/**
 * Owns: who listens to a link, and the status they were told last.
 * 1. A status is told once, to who comes later too.
 */
export class Audience {
  readonly #listeners: Listener[] = [];
  #status: LinkStatus | undefined;

  add(listener: Listener): void {
    this.#listeners.push(listener);
    if (this.#status) listener.status(this.#status);
  }

  notice(notice: Notice<unknown>): void {
    for (const listener of this.#listeners) listener.notice(notice);
  }

  /** @param error why nobody can be reached. */
  status(status: LinkStatus, error?: unknown): void {
    if (this.#status === status) return;
    this.#status = status;
    for (const listener of this.#listeners) listener.status(status, error);
  }

  connected(): void {
    for (const listener of this.#listeners) listener.connected();
  }
}
