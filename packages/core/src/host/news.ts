import type { Attached, InboxRow, RunAddress } from '../records/records.js';
import type { Store } from '../store/store.js';

/** Inbox rows that a live run may not have taken in yet. */
export interface News {
  readonly rows: readonly InboxRow[];
  readonly attachments: ReadonlyMap<string, Attached>;
}

/** All that is accepted for a run now. */
export async function readNews(store: Store, address: RunAddress): Promise<News> {
  const rows = await store.inbox(address);
  const withAttachments = rows.some(({ body }) => body.attachments?.length);
  const stored = withAttachments ? await store.load(address) : undefined;
  return { rows, attachments: stored?.attachments ?? new Map() };
}
