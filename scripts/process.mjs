// Child processes of the repo's commands: where tools are, and running one bounded in time.

import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What Linux counts core time in, for programs, on every architecture. */
const TICK_MS = 10;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] default: the repository
 * @property {Record<string, string | undefined>} [env] added to the present one
 * @property {number} [timeoutMs] the child and its children are killed after this (Infinity: never); default 10 minutes
 * @property {boolean} [live] hand the terminal to the child instead of keeping its output
 */

/**
 * How a child ended. `code` is null when it could not start, was killed, or ran out of time; `output` says which. `cpuMs`
 * is the core time that it and its children took; undefined where the system does not tell.
 * @typedef {{ code: number | null, output: string, cpuMs: number | undefined }} Ended
 */

/**
 * Runs a program to its end. Never rejects.
 * @param {readonly string[]} command
 * @param {RunOptions} [options]
 * @returns {Promise<Ended>}
 */
export function run([program = '', ...args], options = {}) {
  const { cwd = ROOT, env = {}, timeoutMs = 600_000, live = false } = options;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that a timeout ends grandchildren too; a live child shares ours and gets Ctrl+C itself.
      detached: !live && process.platform !== 'win32',
    });
    let output = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      output += chunk;
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const release = passSignalsOn(child, live);
    const stop = () => {
      output += `\nstopped after ${timeoutMs / 1000} s: ${[program, ...args].join(' ')}\n`;
      if (live) process.stderr.write(output);
      end(child, 'SIGKILL', !live);
    };
    const timer = Number.isFinite(timeoutMs) ? setTimeout(stop, timeoutMs) : undefined;
    /** @type {number | undefined} */
    let cpuMs;
    const settle = (/** @type {number | null} */ code) => {
      clearTimeout(timer);
      release();
      resolve({ code, output, cpuMs });
    };
    child.once('exit', () => {
      cpuMs = cpuSinceLast();
    });
    child.once('error', (error) => {
      output += `\n${error.message}\n`;
      settle(null);
    });
    child.once('close', settle);
  });
}

/** Core time of children that had ended when it was asked for last. */
let toldMs = 0;

/** The core time of children that have ended since it was asked for last: of one, as each end asks. Linux only. */
function cpuSinceLast() {
  if (process.platform !== 'linux') return undefined;
  // After the name, which may hold anything: fields 3 and on. 16 and 17 count ticks of ended children.
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const endedMs = (Number(fields[13]) + Number(fields[14])) * TICK_MS;
  const sinceLast = endedMs - toldMs;
  toldMs = endedMs;
  return sinceLast;
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {boolean} live
 */
function passSignalsOn(child, live) {
  const onInterrupt = () => {
    if (!live) end(child, 'SIGINT', true);
  };
  const onTerminate = () => end(child, 'SIGTERM', !live);
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  return () => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {NodeJS.Signals} signal
 * @param {boolean} group
 */
function end(child, signal, group) {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') {
    spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
    return;
  }
  try {
    process.kill(group ? -child.pid : child.pid, signal);
  } catch (error) {
    // ESRCH: it ended by itself in the meantime.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/**
 * The command line of an installed tool: its own JavaScript file, so that it starts alike on every system.
 * @param {string} packageName
 * @param {string} [bin] name of the program, where the package has several
 * @returns {string[]}
 */
export function tool(packageName, bin) {
  const folder = join(ROOT, 'node_modules', packageName);
  const { name, bin: bins } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = typeof bins === 'string' ? bins : bins[bin ?? name.replace(/^@[^/]+\//, '')];
  if (file === undefined) throw new Error(`${packageName} has no program ${bin ?? ''}`);
  return [process.execPath, join(folder, file)];
}

/**
 * The command line of npm: the one that runs us, where there is one.
 * @returns {string[]}
 */
export function npm() {
  const path = process.env.npm_execpath;
  if (path && /npm-cli\.c?js$/.test(path)) return [process.execPath, path];
  return process.platform === 'win32' ? ['cmd.exe', '/d', '/s', '/c', 'npm'] : ['npm'];
}
