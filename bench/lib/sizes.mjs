// What an entry weighs in an app's bundle: minified, and gzipped besides.

import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { resultOf } from './measure.mjs';
import { BENCH } from './places.mjs';

/** Brought by the app anyway. */
const NOT_COUNTED = ['xstate', 'node:*'];

/**
 * @param {readonly import('../benches.mjs').Entrant[]} entrants whose module is the entry, and whose program what is imported of it
 * @returns {Promise<import('./measure.mjs').EntrantResult[]>}
 */
export async function sizesOf(entrants) {
  return Promise.all(
    entrants.map(async (entrant) => {
      const { module, program } = entrant;
      const bytes = await bundle(`export ${program === '*' ? '*' : `{ ${program} }`} from '${module}';`, module);
      const metrics = { 'kB min': [bytes.length / 1000], 'kB min+gzip': [gzipSync(bytes, { level: 9 }).length / 1000] };
      return resultOf(entrant, metrics);
    }),
  );
}

/**
 * @param {string} source
 * @param {string} entry
 */
async function bundle(source, entry) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: BENCH },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    platform: entry === '@holdfast/node' ? 'node' : 'browser',
    external: NOT_COUNTED.filter((name) => name !== entry),
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}
