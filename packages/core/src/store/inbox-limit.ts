import { HoldfastError } from '../errors/index.js';
import type { InboxRow } from '../records/records.js';
import type { Acceptance } from './store.js';

type Mail = Pick<Extract<Acceptance, { kind: 'inbox' }>, 'row' | 'limit'>;

/**
 * Looks whether there is room for one more event in an inbox; undefined when there is. A call that is made again, as its
 * answer was lost, finds the row it had put there: its `n`.
 * @throws `INBOX_FULL`.
 */
export function waitingInFull(
  inbox: readonly Pick<InboxRow, 'n' | 'id' | 'lane'>[],
  { row, limit = Infinity }: Mail,
): number | undefined {
  const events = inbox.length < limit ? [] : inbox.filter(({ lane }) => lane === 'event');
  if (events.length < limit) return undefined;
  const same = events.find(({ id }) => id === row.id);
  if (same) return same.n;
  const { workflow, run } = row;
  throw new HoldfastError('INBOX_FULL', {
    message: `${events.length} events of run "${run}" of workflow "${workflow}" wait to be taken, and no more are accepted.`,
    remedy: 'Send it again later; or raise `inboxLength` in `limits`.',
    details: { workflow, run, limit },
    retryable: true,
  });
}
