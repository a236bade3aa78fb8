import { createClient, type Holdfast, linkLocally } from '@holdfast/core/client';
import { createGuest, type Guest } from '@holdfast/core/host';
import type { Store } from '@holdfast/core/store';
import { openFileStore } from '../file-store.js';
import { assertStore } from './store-at.js';

/** How the command reaches runs which it does not host, whoever does. What it asks for is durable when its call resolves. */
export interface Reach {
  readonly store: Store;
  readonly holdfast: Holdfast;
  readonly control: Guest['control'];
}

/**
 * Calls `use` with a way to the runs of a store.
 * @throws `STORE_ABSENT`.
 */
export async function withReach<T>(
  directory: string,
  onError: (error: unknown) => void,
  use: (reach: Reach) => Promise<T>,
): Promise<T> {
  await assertStore(directory);
  const store = await openFileStore({ directory });
  const guest = createGuest({ store, onError });
  const holdfast: Holdfast = createClient(linkLocally(guest));
  try {
    return await use({ store, holdfast, control: guest.control });
  } finally {
    await holdfast.close();
  }
}
