// What an entry weighs in an app's bundle: minified, and gzipped besides; and what in it weighs so much.

import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { resultOf } from './measure.mjs';
import { BENCH, ROOT } from './places.mjs';

/**
 * @typedef {import('../benches.mjs').Entrant} Entrant whose module is the entry, and whose program what is imported of it
 * @typedef {import('./measure.mjs').EntrantResult} EntrantResult
 * @typedef {{ bytes: Uint8Array, modules: Record<string, number> }} Bundle its text, and what each module has in it, in bytes
 */

/** Brought by the app anyway. */
const NOT_COUNTED = ['xstate', 'node:*'];
/** So many modules of a room are told, the heaviest first. */
const MODULES = 5;

/**
 * @param {readonly Entrant[]} entrants
 * @param {boolean} why whether each is followed by its rooms and dependencies, and by their heaviest modules
 * @returns {Promise<EntrantResult[]>}
 */
export async function sizesOf(entrants, why) {
  const results = [];
  for (const entrant of entrants) {
    const whole = await bundle(entrant);
    results.push(resultOf(entrant, weightOf(whole.bytes)));
    if (why) results.push(...(await partsOf(entrant, whole)));
  }
  return results;
}

/** @param {Uint8Array} bytes */
function weightOf(bytes) {
  return { 'kB min': [bytes.length / 1000], 'kB min+gzip': [gzippedOf(bytes) / 1000] };
}

/** @param {Uint8Array} bytes */
function gzippedOf(bytes) {
  return gzipSync(bytes, { level: 9 }).length;
}

/**
 * Of a room, gzipped, what the bundle would lose without it, and without what it alone brings in: not what it is by itself.
 * @param {Entrant} entrant
 * @param {Bundle} whole
 * @returns {Promise<EntrantResult[]>}
 */
async function partsOf(entrant, whole) {
  /** @type {Map<string, [module: string, bytes: number][]>} */
  const rooms = new Map();
  for (const [module, bytes] of Object.entries(whole.modules)) {
    if (bytes === 0) continue;
    const room = roomOf(module);
    rooms.set(room, [...(rooms.get(room) ?? []), [module, bytes]]);
  }
  const weights = [...rooms].map(([room, modules]) => ({ room, modules, bytes: sumOf(modules) }));
  const results = [];
  for (const { room, modules, bytes } of weights.sort((a, b) => b.bytes - a.bytes)) {
    const rest = await bundle(entrant, room);
    const lost = gzippedOf(whole.bytes) - gzippedOf(rest.bytes);
    results.push(resultOf({ name: `  ${room}` }, { 'kB min': [bytes / 1000], 'kB min+gzip': [lost / 1000] }));
    const heaviest = modules.sort(([, a], [, b]) => b - a).slice(0, MODULES);
    for (const [module, weight] of heaviest) {
      results.push(resultOf({ name: `    ${module.split('/').at(-1)}` }, { 'kB min': [weight / 1000] }));
    }
  }
  return results;
}

/** @param {readonly [string, number][]} modules */
function sumOf(modules) {
  return modules.reduce((sum, [, bytes]) => sum + bytes, 0);
}

/**
 * A package of npm's, or a folder of one of ours: `core/host`.
 * @param {string} path
 */
function roomOf(path) {
  const [, dependency] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  const [, owner, folder] = /packages\/([^/]+)\/dist\/(?:([^/]+)\/)?/.exec(path) ?? [];
  return dependency ?? [owner, folder].filter(Boolean).join('/');
}

/**
 * @param {Entrant} entrant
 * @param {string} [without] a room whose modules are taken for empty
 * @returns {Promise<Bundle>}
 */
async function bundle({ module, program, more = {} }, without) {
  const imported = Object.entries({ [module]: program, ...more });
  const { outputFiles, metafile } = await build({
    stdin: { contents: imported.map(exportOf).join('\n'), resolveDir: BENCH },
    absWorkingDir: ROOT,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    platform: module === '@holdfast/node' ? 'node' : 'browser',
    external: NOT_COUNTED.filter((name) => name !== module),
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: without === undefined ? 'error' : 'silent',
    plugins: without === undefined ? [] : [emptied(without)],
  });
  const [output] = Object.values(metafile.outputs);
  const modules = Object.entries(output?.inputs ?? {}).map(([path, { bytesInOutput }]) => [path, bytesInOutput]);
  return { bytes: outputFiles[0]?.contents ?? new Uint8Array(), modules: Object.fromEntries(modules) };
}

/** @param {readonly [entry: string, names: string]} imported `*` for all names */
function exportOf([entry, names]) {
  return `export ${names === '*' ? '*' : `{ ${names} }`} from '${entry}';`;
}

/** A plugin of esbuild's. @param {string} room */
function emptied(room) {
  return {
    name: 'without a room',
    setup({ onLoad }) {
      onLoad({ filter: /\.m?js$/ }, ({ path }) =>
        roomOf(path) === room ? { contents: 'module.exports = {};', loader: 'js' } : undefined,
      );
    },
  };
}
