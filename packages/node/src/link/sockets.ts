import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { isSocketInStore, isSocketOf, type SocketPlace, type Surroundings, socketPlaces } from './address.js';

/** One end of a connection, as far as Holdfast uses it: text both ways. */
export interface Connection {
  write(text: string): void;
  /** Bytes that the other side has not taken yet. */
  readonly unsent: number;
  /** Called with what comes, in pieces. */
  onText(listener: (text: string) => void): void;
  /** Called once, when the other side has gone or `end` was called. */
  onClosed(listener: () => void): void;
  end(): void;
  /** Whether it keeps the process alive; at first it does not. */
  hold(on: boolean): void;
}

/** A socket on which an owner listens. */
export interface Listening {
  readonly address: string;
  /** Removes sockets of owners before it. */
  sweep(): Promise<void>;
  /** Lets nobody in any more, and removes the socket. */
  close(): void;
}

/** How processes of one machine reach each other. */
export interface Sockets {
  /** @throws the system's errors where there can be none. */
  listen(directory: string, connected: (connection: Connection) => void): Promise<Listening>;
  /** @throws the system's errors when nobody listens there. */
  connect(address: string): Promise<Connection>;
}

/** The sockets of this machine. None of them keeps the process alive by itself. */
export const nodeSockets: Sockets = {
  async listen(directory, connected) {
    const surroundings = here();
    const places = socketPlaces(directory, randomBytes(8).toString('hex'), surroundings);
    let failure: unknown = new Error('The path of the directory is too long for a socket.');
    for (const place of places) {
      try {
        if (place.privateFolder !== undefined) await makePrivate(place.privateFolder, surroundings);
        return await listenAt(place, directory, connected);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  },
  connect: (address) =>
    new Promise((resolve, reject) => {
      const socket = createConnection(address);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(connectionOf(socket));
      });
    }),
};

function here(): Surroundings {
  const { uid } = userInfo();
  return { platform: process.platform, temporary: tmpdir(), user: uid < 0 ? undefined : uid };
}

/** @throws where the folder is another user's, or open to others: a socket in it could be anybody's. */
async function makePrivate(folder: string, { user }: Surroundings): Promise<void> {
  await mkdir(folder, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const { mode, uid, isDirectory } = await lstat(folder).then((found) => ({
    mode: found.mode,
    uid: found.uid,
    isDirectory: found.isDirectory(),
  }));
  if (!isDirectory || (user !== undefined && uid !== user) || (mode & 0o077) !== 0) {
    throw new Error(`${folder} is not a folder of this user alone.`);
  }
}

function listenAt(
  place: SocketPlace,
  directory: string,
  connected: (connection: Connection) => void,
): Promise<Listening> {
  const server = createServer((socket) => connected(connectionOf(socket)));
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.address, () => {
      server.removeListener('error', reject);
      // Nothing that happens to it later is worth a crash: who can't connect any more is found by the mail that it left.
      server.on('error', () => {});
      resolve({ address: place.address, sweep: () => sweep(place, directory), close: () => close(server) });
    });
  });
}

function close(server: Server): void {
  server.close();
}

async function sweep({ address, privateFolder }: SocketPlace, directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folders: [string, (file: string) => boolean][] = [[directory, isSocketInStore]];
  if (privateFolder !== undefined) folders.push([dirname(address), (file) => isSocketOf(directory, file)]);
  for (const [folder, isSocket] of folders) {
    for (const file of (await readdir(folder)).filter(isSocket)) {
      const path = join(folder, file);
      if (path !== address) await rm(path, { force: true });
    }
  }
}

function connectionOf(socket: Socket): Connection {
  socket.unref();
  socket.setEncoding('utf8');
  // A connection that breaks is one that has ended.
  socket.on('error', () => {});
  return {
    write: (text) => void (socket.writable && socket.write(text)),
    get unsent() {
      return socket.writableLength;
    },
    onText: (listener) => void socket.on('data', listener),
    onClosed: (listener) => void (socket.destroyed ? queueMicrotask(listener) : socket.once('close', listener)),
    end: () => void socket.destroy(),
    hold: (on) => void (on ? socket.ref() : socket.unref()),
  };
}
