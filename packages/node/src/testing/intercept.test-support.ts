import type { FileSystem } from '../file-system.js';

/** A file system that calls `hook` before each operation on `disk`. */
export function before(disk: FileSystem, hook: (operation: string) => Promise<void>): FileSystem {
  return {
    makeFolder: (path) => hook('makeFolder').then(() => disk.makeFolder(path)),
    list: (folder) => hook('list').then(() => disk.list(folder)),
    exists: (path) => hook('exists').then(() => disk.exists(path)),
    read: (path) => hook('read').then(() => disk.read(path)),
    readAt: (path, offset, length) => hook('readAt').then(() => disk.readAt(path, offset, length)),
    size: (path) => hook('size').then(() => disk.size(path)),
    createExclusive: (path, bytes) => hook('createExclusive').then(() => disk.createExclusive(path, bytes)),
    link: (from, to) => hook('link').then(() => disk.link(from, to)),
    rename: (from, to) => hook('rename').then(() => disk.rename(from, to)),
    remove: (path) => hook('remove').then(() => disk.remove(path)),
    syncFolder: (folder) => hook('syncFolder').then(() => disk.syncFolder(folder)),
    async openForAppend(path) {
      await hook('openForAppend');
      const file = await disk.openForAppend(path);
      return {
        append: (bytes) => hook('append').then(() => file.append(bytes)),
        datasync: () => hook('datasync').then(() => file.datasync()),
        close: () => hook('close').then(() => file.close()),
      };
    },
  };
}
