import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Leaves the log of IndexedDB in a Chromium's profile as a crash leaves it that comes amid a write: its last record is
 * longer than what is there of it.
 */
export function tearLog(profile: string): void {
  const record = Buffer.alloc(60, 'torn');
  record.writeUInt16LE(300, 4); // its length: header of LevelDB's record after a checksum of four bytes
  record.writeUInt8(1, 6); // it is whole in one fragment
  appendFileSync(logOf(profile), record);
}

/** The log that the browser writes to, or goes on with; a later one has a greater name. */
export function logOf(profile: string): string {
  const folder = join(profile, 'Default', 'IndexedDB');
  const databases = readdirSync(folder).filter((name) => name.endsWith('.leveldb'));
  const logs = databases.flatMap((name) =>
    readdirSync(join(folder, name))
      .filter((file) => file.endsWith('.log'))
      .map((file) => join(folder, name, file)),
  );
  const log = logs.sort().at(-1);
  if (logs.length === 0 || databases.length !== 1 || log === undefined) {
    throw new Error(`${folder} is not one database with a log: ${databases.join(', ')}.`);
  }
  return log;
}
