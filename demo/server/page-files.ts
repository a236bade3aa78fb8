import { readFile } from 'node:fs/promises';
import { extname, join, normalize, sep } from 'node:path';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.map': 'application/json',
};

/** A file of the built page, or undefined when there is none at that path. */
export async function readPageFile(
  directory: string,
  path: string,
): Promise<{ body: Buffer; type: string } | undefined> {
  const inside = normalize(decodeURIComponent(path === '/' ? '/index.html' : path));
  if (inside.split(sep).includes('..') || inside.includes('\0')) return undefined;
  try {
    return {
      body: await readFile(join(directory, inside)),
      type: TYPES[extname(inside)] ?? 'application/octet-stream',
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
