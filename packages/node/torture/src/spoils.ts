import { dirname, join } from 'node:path';
import type { FileSystem } from '@holdfast/node';
import { type Call, wrap } from './around.js';
import { DIRECTORY } from './stores.js';
import type { Spoil } from './sweep.js';

/** Ways in which a store, or the disk under it, could fail to keep its word: each must be noticed. */

const ATTACHMENTS = `${DIRECTORY}/attachments`;
const SEGMENT = /\.log$/;
const DRAFT = /\.log.*\.tmp$/;

const without = (what: string, path: RegExp): Spoil => around((call) => matches(call, what, path));

/** Calls of which `skipped` is true do nothing. */
function around(skipped: (call: Call) => boolean): Spoil {
  return (disk) => wrap(disk, (call) => (skipped(call) ? Promise.resolve() : call.go()));
}

const matches = (call: Call, what: string, path: RegExp) => call.what === what && path.test(call.path);

/** The sync is on its way when it is said to be done. */
const earlyAck: Spoil = (disk) =>
  wrap(disk, (call) => {
    if (!matches(call, 'datasync', SEGMENT)) return call.go();
    call.go().catch(() => undefined);
    return Promise.resolve();
  });

/** What a new segment starts from is synced after it got its name. */
const renameBeforeSync: Spoil = (disk) => {
  let late: (() => Promise<unknown>)[] = [];
  return wrap(disk, async (call) => {
    if (matches(call, 'datasync', DRAFT)) {
      late.push(call.go);
      return undefined;
    }
    const result = await call.go();
    if (call.what !== 'syncFolder') return result;
    for (const sync of late) await sync();
    late = [];
    return result;
  });
};

/** Older segments go before the one that takes their place has its name. */
const unlinkEarly: Spoil = (disk) =>
  wrap(disk, async (call) => {
    if (matches(call, 'rename', SEGMENT)) await removeAll(disk, DIRECTORY, (name) => SEGMENT.test(name));
    return call.go();
  });

async function removeAll(disk: FileSystem, folder: string, which: (name: string) => boolean): Promise<void> {
  for (const name of (await disk.list(folder)).filter(which)) await disk.remove(join(folder, name));
  await disk.syncFolder(folder);
}

/** An attachment's file goes when the next one is written, whoever needs it. */
const attachmentsUnlinkedEarly: Spoil = (disk) =>
  wrap(disk, async (call) => {
    const fresh = call.what === 'openForAppend' && dirname(call.path) === ATTACHMENTS;
    if (fresh) await removeAll(disk, ATTACHMENTS, () => true);
    return call.go();
  });

/** Seen by a power cut. */
export const CUT_SPOILS: Record<string, Spoil> = {
  'no fdatasync of a batch': without('datasync', SEGMENT),
  'no fdatasync of a new segment': without('datasync', DRAFT),
  'no fdatasync of attachments': without('datasync', /attachments/),
  'no sync of the folder': without('syncFolder', new RegExp(`^${DIRECTORY}$`)),
  'no sync of the folder of attachments': without('syncFolder', /attachments$/),
  'early acknowledgement': earlyAck,
  'rename before sync': renameBeforeSync,
  'segments unlinked early': unlinkEarly,
  'attachments unlinked early': attachmentsUnlinkedEarly,
};

/** Says that there is no owner file after the one it is asked for, whatever there is: for the stale owner alone. */
export const blind: Spoil = (disk) => {
  const owners = new Set<string>();
  return wrap(disk, (call) => {
    if (call.what === 'createExclusive') owners.add(call.path);
    const hidden = (name: string) => /\/owner\.\d+$/.test(name) && !owners.has(name);
    if (call.what === 'exists' && /\/owner\.\d+$/.test(call.path)) return Promise.resolve(owners.has(call.path));
    if (call.what !== 'list' || owners.size === 0) return call.go();
    return call.go().then((names) => (names as string[]).filter((name) => !hidden(`${call.path}/${name}`)));
  });
};
