import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChildren } from './child.js';

/** Runs `body` with a folder of its own; that, and the processes it began, are gone afterwards. */
export async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-torture-'));
  try {
    return await body(folder);
  } finally {
    await endChildren();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Answers with what a command said when it failed; undefined when it did not. */
export function fails(command: readonly string[]): string | undefined {
  const [program = '', ...args] = command;
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? undefined : `${command.join(' ')}: ${stderr.trim()}`;
}

/** Runs `body` with something mounted below `folder`; answers with why not, when it can't be. */
export async function withMount<T>(
  folder: string,
  options: readonly string[],
  body: (mounted: string) => Promise<T>,
): Promise<T | string> {
  const point = join(folder, `mounted-${mounts++}`);
  mkdirSync(point);
  const why = fails(['mount', ...options, point]);
  if (why) return why;
  try {
    return await body(point);
  } finally {
    fails(['umount', '--lazy', point]);
  }
}

let mounts = 0;
