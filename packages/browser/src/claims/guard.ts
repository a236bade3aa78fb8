import { Channel } from '../wire/channel.js';
import { claimsChannelOf, type Word } from './words.js';

/** What a page does for the store of its worker, while it is there. */
export interface Guard {
  readonly store: string;
  /** Says to who waits for the store that this page ends that host. */
  tellEnd(host: string): void;
  close(): void;
}

/**
 * Answers claims for the page's worker while that one owns the store: a step that keeps the worker's thread busy is not
 * the death of its host.
 */
export function guardStore(store: string, owns: () => boolean): Guard {
  const channel = new Channel<Word>(claimsChannelOf(store));
  channel.listen(({ word }) => {
    if (word === 'claim' && owns()) channel.tell({ word: 'present' });
  });
  return {
    store,
    tellEnd: (host) => channel.tell({ word: 'ended', host }),
    close: () => channel.close(),
  };
}
