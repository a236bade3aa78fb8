// A PostgreSQL of the bench's own: the system's programs, a cluster in a folder of ours, a free port of localhost.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../scripts/process.mjs';
import { freePort, untilOpen } from './ports.mjs';

const DEBIAN = '/usr/lib/postgresql';

/**
 * @param {string} folder empty
 * @returns {Promise<{ params: { url: string }, stop(): Promise<void> }>} rejects, saying why, where there is none
 */
export async function startPostgres(folder) {
  const programs = findPrograms();
  const user = await unprivileged();
  const data = join(folder, 'data');
  mkdirSync(data);
  if (user) for (const path of [folder, data]) chownSync(path, user.uid, user.gid);
  chmodSync(data, 0o700);
  const init = spawn(join(programs, 'initdb'), ['-D', data, '-U', 'bench', '--auth=trust', '--encoding=UTF8'], {
    cwd: folder,
    stdio: 'ignore',
    ...user,
  });
  const [code] = await once(init, 'exit');
  if (code !== 0) throw new Error(`initdb of ${programs} ended with ${code}`);
  const port = await freePort();
  const server = spawn(join(programs, 'postgres'), ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', data], {
    cwd: folder,
    stdio: 'ignore',
    ...user,
  });
  const gone = once(server, 'exit');
  await Promise.race([
    untilOpen(port),
    gone.then(([code]) => Promise.reject(new Error(`postgres ended with ${code} as it started`))),
  ]);
  return {
    params: { url: `postgresql://bench@127.0.0.1:${port}/bench` },
    async stop() {
      server.kill('SIGINT');
      await gone;
    },
  };
}

function findPrograms() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  const folders = versions
    .map((version) => join(DEBIAN, version, 'bin'))
    .filter((bin) => existsSync(join(bin, 'initdb')));
  const newest = folders.sort().at(-1);
  if (newest) return newest;
  throw new Error(`no PostgreSQL in ${DEBIAN} (Debian's package "postgresql" brings one)`);
}

/** PostgreSQL refuses to run as root: then it is the system's user "postgres" who runs it. */
async function unprivileged() {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(['-u', '-g'].map((which) => run(['id', which, 'postgres'])));
  if (uid?.code !== 0) throw new Error('root can\'t run PostgreSQL, and there is no user "postgres"');
  return { uid: Number(uid.output), gid: Number(gid?.output) };
}
