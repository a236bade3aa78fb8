import { Channel } from '../wire/channel.js';
import { claimsChannelOf, type Word } from './words.js';

/**
 * Answers claims for the page's worker while that one owns the store: a step that keeps the worker's thread busy is not
 * the death of its host. The way to end it is what is returned.
 */
export function guardStore(store: string, owns: () => boolean): () => void {
  const channel = new Channel<Word>(claimsChannelOf(store));
  channel.listen(({ word }) => {
    if (word === 'claim' && owns()) channel.tell({ word: 'present' });
  });
  return () => channel.close();
}
