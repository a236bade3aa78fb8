import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** File systems that are mounted for a test, and their images. */

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

/** Makes an image with an empty ext4 in it; answers with why not, when it can't be. */
export function makeExt4(image: string, bytes: number): string | undefined {
  writeFileSync(image, '');
  truncateSync(image, bytes);
  return fails(['mkfs.ext4', '-q', '-F', image]);
}

/** Copies an image between two writes of the kernel's own. */
export function copyStill(image: string, copy: string): void {
  for (let attempt = 0; attempt < 20; attempt++) {
    const before = readFileSync(image);
    cpSync(image, copy);
    if (before.equals(readFileSync(image))) return;
  }
  throw new Error('the image never stood still');
}
