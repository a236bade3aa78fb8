/**
 * The laws of what is reached at run time: types are left out, imports are followed to their end, through the
 * compiled core.
 */

/** They may reach anything, and are left out: that they resolve is among the other laws. */
const TESTS = '\\.test(-d)?\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'page-runs-no-workflow',
      comment: "XState, the engine, the host and the steps belong in the worker, not in the page's bundle.",
      severity: 'error',
      from: {
        path: ['^packages/core/src/client/', '^packages/browser/src/index\\.ts$'],
      },
      to: { path: ['node_modules/xstate/', '^packages/core/(src|dist)/(engine|host|steps)/'], reachable: true },
    },
    {
      name: 'pure-rooms-reach-no-port',
      comment: 'The rooms that decide reach nothing that stores, waits or talks.',
      severity: 'error',
      from: { path: '^packages/core/src/(engine|codec|define|errors|records|decide)/' },
      to: { path: '^packages/core/src/(store|host|client|testing)/', reachable: true },
    },
    {
      name: 'cron-in-its-own-entry',
      comment: 'Who has no schedules does not pay for the parser of their patterns.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: '^packages/core/src/schedules/' },
      to: { path: 'node_modules/croner/', reachable: true },
    },
    {
      name: 'step-functions-bring-what-performs-them',
      comment: 'A host reaches what performs step functions through the workflows that have some, and by no import.',
      severity: 'error',
      from: { path: '^packages/(browser/src/worker|node/src/index|core/src/host/index)\\.ts$' },
      to: {
        path: '^packages/core/(src|dist)/steps/(execution|executor)\\.',
        reachable: true,
      },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: TESTS },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default'] },
  },
};
