import { type MailPlace, mailNames, mailPath, readWaiting } from './folder.js';

/**
 * Forgets mail that is in the log, and whose file is gone for good: it can't be found and taken a second time. Only what is
 * seen after the folder was synced is gone for good.
 * @param taken by id.
 */
export async function forgetGone(taken: Map<string, unknown>, place: MailPlace): Promise<void> {
  if (taken.size === 0 || !(await place.fileSystem.exists(mailPath(place)))) return;
  await place.fileSystem.syncFolder(mailPath(place));
  const there = new Set<string>();
  for (const { mail } of await readWaiting(place, await mailNames(place))) if (mail !== 'damaged') there.add(mail.id);
  for (const id of [...taken.keys()]) if (!there.has(id)) taken.delete(id);
}
