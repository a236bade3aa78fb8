import { createHash } from 'node:crypto';
import { posix, win32 } from 'node:path';

/** What decides where a socket can be. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  /** The folder for temporary files. */
  readonly temporary: string;
  /** Number of the user, where users have one. */
  readonly user: number | undefined;
}

/** A place where the owner of a directory may listen. */
export interface SocketPlace {
  readonly address: string;
  /** The folder it is in, where that has to be made, for this user alone. */
  readonly privateFolder?: string;
}

/** `sun_path` holds 104 bytes on macOS and the BSDs, 108 on Linux, with a zero at the end. */
const LONGEST = 100;
const IN_STORE = /^socket\.[0-9a-f]{16}$/;

/**
 * Where the owner of a directory may listen, best first: a socket in the directory itself, where the path is short enough,
 * or else one in a folder of the user's among the temporary files; on Windows a named pipe.
 * @param token has never been used before: a late owner must not meet, or remove, the socket of another.
 */
export function socketPlaces(
  directory: string,
  token: string,
  { platform, temporary, user }: Surroundings,
): SocketPlace[] {
  if (platform === 'win32') return [{ address: `\\\\.\\pipe\\holdfast-${hashOf(directory)}-${token}` }];
  const places: SocketPlace[] = [{ address: posix.join(directory, `socket.${token}`) }];
  const privateFolder = posix.join(temporary, `holdfast-${user ?? 'user'}`);
  places.push({ address: posix.join(privateFolder, `${hashOf(directory)}.${token}`), privateFolder });
  return places.filter(({ address }) => Buffer.byteLength(address) <= LONGEST);
}

/** Whether a file of a store's directory is, or was, an owner's socket. */
export function isSocketInStore(file: string): boolean {
  return IN_STORE.test(file);
}

/** Whether a file of the user's private folder is, or was, the socket of an owner of that directory. */
export function isSocketOf(directory: string, file: string): boolean {
  return file.startsWith(`${hashOf(directory)}.`);
}

function hashOf(directory: string): string {
  return createHash('sha256').update(win32.normalize(directory)).digest('hex').slice(0, 16);
}
