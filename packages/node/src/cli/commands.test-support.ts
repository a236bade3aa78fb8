import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const COMMAND = at('../../dist/cli/main.js');
export const EXPENSE = at('../../test-programs/expense.mjs');
export const LOADER = new URL('../../test-programs/strip-types.mjs', import.meta.url).href;

interface Options {
  readonly input?: string;
  readonly env?: Record<string, string>;
}

/** The built command, for the tests of a file: each in a fresh folder, where none of its processes outlives it. */
export function commands() {
  let directory = '';
  const children = new Set<ChildProcess>();
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
  });
  afterEach(async () => {
    const ended = [...children].map((child) => child.exitCode ?? child.signalCode ?? once(child, 'close'));
    for (const child of children) child.kill('SIGKILL');
    await Promise.all(ended);
    children.clear();
    await rm(directory, { recursive: true });
  });

  function start(args: readonly string[], { input, env }: Options = {}) {
    const child = spawn(process.execPath, [COMMAND, ...args], { cwd: directory, env: { ...process.env, ...env } });
    children.add(child);
    child.stdin.end(input);
    const code = once(child, 'close').then(([code, signal]) => code ?? signal);
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    const printed = async (line: string) => {
      while (!out.includes(line)) {
        const ended = code.then((code) => expect.fail(`ended with ${code} before it printed "${line}": ${out}`));
        await Promise.race([once(child.stdout, 'data'), ended]);
      }
    };
    return { child, code, printed, err: text(child.stderr), out: async () => code.then(() => out) };
  }

  async function holdfast(args: readonly string[], options?: Options) {
    const { code, out, err } = start(args, options);
    return { code: await code, out: await out(), err: await err };
  }

  return { start, holdfast, inFolder: () => directory };
}

/** What was printed with `--json`. */
export const lines = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
