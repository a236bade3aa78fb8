import { sameRequests } from './idb-loops.mjs';

const run = (mode) => (params) => sameRequests({ ...params, mode });
export const variants = { two: run('two'), one: run('one'), none: run('none') };
