import { crossError, type HostApi } from '@holdfast/core/client';
import type { StoreFollower } from '../store/host-side.js';
import type { BrowserStore } from '../store/store-over.js';
import { storeLost } from '../wire/store-lost.js';
import type { Incarnation, StoreNotice, TroubleNotice } from '../wire/wire.js';

/** Tells the page what becomes of the store: it knows what the store was before, also in another life of this worker. */
export function toNotices(database: string, tell: (notice: StoreNotice | TroubleNotice) => void): StoreFollower {
  return {
    found: (incarnation) => tell({ kind: 'store', database, incarnation }),
    trouble: (error) => tell({ kind: 'trouble', ...(error && { error: crossError(error) }) }),
  };
}

/** Calls that would begin anew, without a word, what was lost; the others show what there is. */
const CHANGES: ReadonlySet<keyof HostApi> = new Set<keyof HostApi>(['start', 'send', 'control']);

/**
 * Whether the store is still the one that the caller knows. What is accepted in the same turn is fenced by the store itself.
 * @throws `STORE_LOST`, store codes.
 */
export async function assertKnown(
  method: keyof HostApi,
  store: BrowserStore | undefined,
  known: Incarnation | undefined,
): Promise<void> {
  if (!CHANGES.has(method) || known === undefined || known.database !== store?.name) return;
  const present = await store.incarnation();
  if (present !== known.incarnation) throw storeLost(store.name, present);
}
