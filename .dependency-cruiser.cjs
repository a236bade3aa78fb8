/**
 * The layering law: who may import whom. Types cross more freely than code, where a rule says so.
 * What is reached at run time has laws of its own: .dependency-cruiser.runtime.cjs.
 */

const TESTS = '\\.(test|test-d|test-support)\\.ts$';
const CORE = '^packages/core/(src|dist)/';
const npm = (/** @type {string} */ names) => `node_modules/(${names})(/|$)`;
const rooms = (/** @type {string} */ names) => `^packages/core/src/(${names})/`;
/** Rooms that decide and never act. Of the store they know the types. */
const PURE = 'engine|codec|define|errors|records|decide';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two files that need each other are one file, or hide a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that leads nowhere escapes every other rule.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'core-imports',
      comment: 'core imports itself, xstate and croner (and the types of the Standard Schema).',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: TESTS },
      to: { pathNot: ['^packages/core/src/', npm('xstate|croner|@standard-schema/spec')] },
    },
    {
      name: 'browser-imports',
      comment: 'browser imports itself, core and idb (and the types of xstate); its entry for Dexie imports that.',
      severity: 'error',
      from: { path: '^packages/browser/src/', pathNot: [TESTS, '^packages/browser/src/(dexie|playwright)/'] },
      to: { pathNot: ['^packages/browser/src/', CORE, npm('idb|xstate')] },
    },
    {
      name: 'dexie-in-its-own-entry',
      comment: 'Who does not use Dexie need not have it.',
      severity: 'error',
      from: { path: '^packages/browser/src/', pathNot: [TESTS, '^packages/browser/src/dexie/'] },
      to: { path: ['^packages/browser/src/dexie/', npm('dexie')] },
    },
    {
      name: 'playwright-imports',
      comment: 'What drives a browser imports itself, and types: it runs in Node, beside the app and not in it.',
      severity: 'error',
      from: { path: '^packages/browser/src/playwright/', pathNot: TESTS },
      to: { pathNot: '^packages/browser/src/playwright/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'node-imports',
      comment: 'node imports itself, core and what Node brings (and the types of xstate).',
      severity: 'error',
      from: { path: '^packages/node/src/', pathNot: [TESTS, '^packages/node/src/cli/'] },
      to: { pathNot: ['^packages/node/src/', CORE, npm('xstate')], dependencyTypesNot: ['core', 'type-only'] },
    },
    {
      name: 'command-imports',
      comment: 'The command imports what node does, and what it takes to talk to people.',
      severity: 'error',
      from: { path: '^packages/node/src/cli/', pathNot: TESTS },
      to: {
        pathNot: ['^packages/node/src/', CORE, npm('commander|string-width')],
        dependencyTypesNot: ['core', 'type-only'],
      },
    },
    {
      name: 'command-is-a-program',
      comment: 'Who uses the package as a library does not load its command line.',
      severity: 'error',
      from: { path: '^packages/node/src/', pathNot: [TESTS, '^packages/node/src/cli/'] },
      to: { path: '^packages/node/src/cli/' },
    },
    {
      name: 'torture-knows-ports',
      comment: 'What tortures the file store knows what is public of it: so it outlives every layout.',
      severity: 'error',
      from: { path: '^packages/node/torture/src/' },
      to: { pathNot: ['^packages/node/torture/src/', '^packages/node/dist/index', CORE], dependencyTypesNot: ['core'] },
    },
    {
      name: 'pure-rooms-know-no-host',
      comment: "The rooms that decide don't know who runs them, not even by type.",
      severity: 'error',
      from: { path: rooms(PURE), pathNot: TESTS },
      to: { path: rooms('host|client|testing') },
    },
    {
      name: 'xstate-runs-in-the-engine',
      comment: 'One folder touches XState at run time; its types are welcome everywhere.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: [rooms('engine'), TESTS] },
      to: { path: npm('xstate'), dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-tests-in-code',
      comment: 'Only a test imports a test.',
      severity: 'error',
      from: { pathNot: TESTS },
      to: { path: TESTS },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^packages/[^/]+/dist/'] },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default'] },
  },
};
