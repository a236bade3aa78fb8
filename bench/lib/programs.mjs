// Each measurement is made by a process of its own, so that none inherits what another has warmed up or left behind.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url));

/**
 * @typedef {object} ProgramOptions
 * @property {string} [execPath] another Node; default this one
 * @property {readonly string[]} [execArgv] more arguments of Node
 * @property {boolean} [kill] with SIGKILL, as soon as it has told its result
 * @property {number} [timeoutMs] it is killed, and has failed, after this; default 5 minutes
 */

/**
 * Calls a function of a module in a process of its own, and resolves with what that returned.
 * @param {string} module its URL
 * @param {string} name of what it exports
 * @param {object} params plain data
 * @param {ProgramOptions} [options]
 * @returns {Promise<any>} rejects when the program throws, ends early, or takes too long
 */
export async function runProgram(module, name, params, options = {}) {
  const { execPath = process.execPath, execArgv = [], kill = false, timeoutMs = 300_000 } = options;
  const child = fork(CHILD, [module, name, JSON.stringify(params)], {
    execPath,
    execArgv: [...execArgv],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const gone = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  try {
    const told = await Promise.race([once(child, 'message'), gone.then(() => undefined)]);
    const [message] = told ?? [{ error: `it ended early, or took longer than ${timeoutMs / 1000} s` }];
    if (kill) child.kill('SIGKILL');
    else if (child.connected) child.send('end');
    await gone;
    if ('error' in message) throw new Error(`${name}: ${message.error}\n${output.trim().slice(-2000)}`);
    return message.result;
  } finally {
    clearTimeout(timer);
  }
}
