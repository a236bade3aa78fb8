import { randomUUID } from 'node:crypto';
import { type Control, encode, toMs } from '@holdfast/core/client';
import type { InboxRow, RunAddress, Store } from '@holdfast/core/store';
import { openFileStore } from '../file-store.js';
import { assertStore } from './store-at.js';

/** How the command reaches runs which it does not host. All that it asks for is durable when its promise resolves. */
export interface Reach {
  readonly store: Store;
  send(address: RunAddress, event: { readonly type: string }, id?: string): Promise<void>;
  control(address: RunAddress, control: Control): Promise<void>;
}

/** How long a machine has to end by itself when it is cancelled. */
const CANCEL_TIMEOUT = '30s';

/**
 * Calls `use` with a way to the runs of a store.
 * @throws `STORE_ABSENT`; `STORE_OWNED` while another process owns it.
 */
export async function withReach<T>(directory: string, use: (reach: Reach) => Promise<T>): Promise<T> {
  await assertStore(directory);
  const store = await openFileStore({ directory });
  try {
    const ownership = await store.acquire();
    const done = await use(reachOver(store));
    await ownership.release();
    return done;
  } finally {
    await store.close();
  }
}

function reachOver(store: Store): Reach {
  const accept = async (address: RunAddress, lane: InboxRow['lane'], id: string, content: unknown) => {
    const { workflow, run } = address;
    const body = { text: encode(content, lane).text };
    await store.accept({ kind: 'inbox', row: { workflow, run, lane, id, acceptedAt: Date.now(), body } });
  };
  return {
    store,
    send: (address, event, id = randomUUID()) => accept(address, 'event', id, event),
    control: (address, control) => accept(address, 'control', randomUUID(), bodyOf(control)),
  };
}

/** As hosts write it. */
function bodyOf(control: Control): object {
  if (control.control !== 'cancel') return control;
  return { control: 'cancel', timeoutMs: toMs(control.timeout ?? CANCEL_TIMEOUT, 'timeout of cancel()') };
}
