// A Restate server of the bench's own: the binary that npm brings, in a folder of ours, on free ports.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH } from './places.mjs';
import { freePort, untilOpen } from './ports.mjs';

/**
 * @param {string} folder empty
 * @returns {Promise<{ params: { admin: string, ingress: string }, stop(): Promise<void> }>} rejects, saying why, where
 *   there is no binary for this system
 */
export async function startRestate(folder) {
  const { platform, arch } = process;
  const binary = join(BENCH, 'node_modules', `@restatedev/restate-server-${platform}-${arch}`, 'bin', 'restate-server');
  if (!existsSync(binary)) throw new Error(`Restate has no binary for ${platform} ${arch}`);
  const [admin, ingress, node] = [await freePort(), await freePort(), await freePort()];
  const server = spawn(
    binary,
    ['--no-logo', '--listen-mode', 'tcp', '--bind-ip', '127.0.0.1', '--bind-port', `${node}`],
    {
      cwd: folder,
      stdio: 'ignore',
      env: {
        ...process.env,
        RESTATE_BASE_DIR: folder,
        RESTATE_DISABLE_TELEMETRY: 'true',
        RESTATE_LOG_FILTER: 'error',
        RESTATE_ADMIN__BIND_PORT: `${admin}`,
        RESTATE_INGRESS__BIND_PORT: `${ingress}`,
      },
    },
  );
  const gone = once(server, 'exit');
  const ended = gone.then(([code]) => Promise.reject(new Error(`restate-server ended with ${code} as it started`)));
  await Promise.race([Promise.all([untilOpen(admin), untilOpen(ingress)]), ended]);
  return {
    params: { admin: `http://127.0.0.1:${admin}`, ingress: `http://127.0.0.1:${ingress}` },
    async stop() {
      // Its folder is thrown away: it need not drain.
      server.kill('SIGKILL');
      await gone;
    },
  };
}
