// The contract of a store, run over the memory store of a built core: node scripts/conformance.mjs --core FOLDER

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ROOT } from './process.mjs';

const { values: options } = parseArgs({
  options: { core: { type: 'string', default: join(ROOT, 'packages/core/dist') } },
});
/** @param {string} path */
const load = (path) => import(pathToFileURL(join(options.core, path)).href);
const { testStore } = await load('testing/index.js');
const { createMemoryDatabase, createMemoryStore } = await load('store/index.js');

/** @type {[string, () => Promise<void>][]} */
const tests = [];
testStore(
  { test: (/** @type {string} */ name, /** @type {() => Promise<void>} */ body) => tests.push([name, body]) },
  {
    name: 'memory store',
    open: async () => {
      const database = createMemoryDatabase();
      return { connect: async () => createMemoryStore({ database }) };
    },
  },
);
let failed = 0;
for (const [name, body] of tests) {
  try {
    await body();
  } catch (error) {
    failed++;
    console.log(`✗ ${name}: ${error instanceof Error ? error.message : error}`);
  }
}
console.log(`${tests.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
