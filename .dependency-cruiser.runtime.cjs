/**
 * The law of what a page loads: types are left out, imports are followed to their end, through the compiled core.
 */

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'page-runs-no-workflow',
      comment: "XState, the engine, the host and the steps belong in the worker, not in the page's bundle.",
      severity: 'error',
      from: {
        path: ['^packages/core/src/client/', '^packages/browser/src/index\\.ts$'],
        pathNot: '\\.test(-d)?\\.ts$',
      },
      to: { path: ['node_modules/xstate/', '^packages/core/(src|dist)/(engine|host|steps)/'], reachable: true },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default'] },
  },
};
