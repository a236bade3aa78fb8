// Breaks the built core in one named way at a time, and demands that the suite notices: crashes everywhere over the
// corpus, and the contract of a store. A mutation whose text is no longer in the code is a failure too.
//
//   node scripts/mutations.mjs [NAME]

import { join } from 'node:path';
import { tryAll, withMutant } from './mutants.mjs';
import { ROOT, run } from './process.mjs';
import { tallyLine } from './tally.mjs';

const CORE = join(ROOT, 'packages/core/dist');
// They mostly wait for turns of the event loop.
const LANES = 4;

const COMMIT = 'await this.#ports.store.commit(checkpoint);';
const TAKEN_FIRST = `const [{ store }, { ops }] = [this.#ports, checkpoint];
        const taken = ops.filter((op) => op.op === 'taken');
        if (taken.length > 0) await store.commit({ ...checkpoint, ops: taken });
        await store.commit({ ...checkpoint, ops: ops.filter((op) => op.op !== 'taken') });`;
/** @param {string} rows a condition on `op`: those ops are committed by themselves, after the rest */
const inItsOwnCommit = (rows) => `const [{ store }, { ops }] = [this.#ports, checkpoint];
        const apart = ops.filter((op) => ${rows});
        await store.commit({ ...checkpoint, ops: ops.filter((op) => !apart.includes(op)) });
        if (apart.length > 0) await store.commit({ ...checkpoint, after: this.row.seq, ops: apart });`;

const CONTRACT = 'the contract of a store';

/**
 * @typedef {import('./mutants.mjs').Mutation & { readonly by?: string }} Mutation
 * `by` is what noticed it last: the contract, or a workflow of the corpus, which is tried first. The rest follows only
 * where that is silent.
 */

/** @type {readonly Mutation[]} */
const MUTATIONS = [
  {
    name: 'effect before commit',
    file: 'host/live-run.js',
    from: COMMIT,
    to: `const early = this.#effect(arrival, effects); Object.assign(effects, { actions: [], start: [], stop: [], emitted: [] }); ${COMMIT} await early;`,
  },
  {
    name: 'journal row outside of the transaction',
    file: 'host/live-run.js',
    from: COMMIT,
    to: inItsOwnCommit("op.op === 'put' && op.id.startsWith('journal/')"),
    by: 'invoke: inline sources',
  },
  {
    name: 'inbox acknowledgement outside of the transaction',
    file: 'host/live-run.js',
    from: COMMIT,
    // After the rest it would do no harm: an event whose id was seen is ignored.
    to: TAKEN_FIRST,
    by: 'invoke: a state re-entered',
  },
  {
    name: 'timers outside of the transaction',
    file: 'host/live-run.js',
    from: COMMIT,
    to: inItsOwnCommit("op.op === 'put' && op.id === 'timers'"),
    by: 'invoke: under an id that is taken',
  },
  {
    name: 'history outside of the transaction',
    file: 'host/live-run.js',
    from: COMMIT,
    to: inItsOwnCommit("op.op === 'history'"),
  },
  {
    name: 'an event is acknowledged before it is stored',
    file: 'host/acceptance.js',
    from: "const n = await this.#accept({ workflow, run }, 'event', id, event);",
    to: "const n = this.#accept({ workflow, run }, 'event', id, event);",
    by: 'invoke: a state re-entered',
  },
  {
    name: 'a start is acknowledged before it is stored',
    file: 'host/acceptance.js',
    from: "const accepted = await store.accept({ kind: 'start', row, input: value, attachments: fresh });",
    to: "const accepted = { outcome: 'started' }; store.accept({ kind: 'start', row, input: value, attachments: fresh });",
  },
  {
    name: 'no fence check',
    file: 'store/memory-store.js',
    from: 'at.epoch !== database.epoch',
    to: 'false',
    by: CONTRACT,
  },
  {
    name: 'no check of the seq',
    file: 'store/tables.js',
    from: 'if (stored === after)',
    to: 'if (true)',
    by: CONTRACT,
  },
  {
    name: 'a journal entry is not looked up',
    file: 'steps/execution.js',
    from: 'this.#journal = new Map(journal);',
    to: 'this.#journal = new Map();',
    by: 'invoke: inline sources',
  },
  {
    name: 'an event id is forgotten',
    file: 'decide/run-record.js',
    from: 'if (this.#seen.has(eventId))\n            return false;',
    to: '',
    by: 'invoke: a state re-entered',
  },
  {
    name: 'pending actions are not performed after a restore',
    file: 'host/live-run.js',
    from: 'if (actions.length > 0)',
    to: 'if (false)',
  },
  {
    name: 'leaves are not begun again after a restore',
    file: 'host/live-run.js',
    from: 'for (const leaf of start)',
    to: 'for (const leaf of [])',
  },
  {
    name: 'what is cancelled is not undone after a restore',
    file: 'host/live-run.js',
    from: 'for (const leaf of undo)',
    to: 'for (const leaf of [])',
    by: 'undo: what a cancelled function has done',
  },
  {
    name: 'what actions have sent is not stored',
    file: 'decide/messages.js',
    from: 'for (const message of this.#unstored)',
    to: 'for (const message of [])',
    by: 'messages: an action sends to its own actor',
  },
  {
    name: 'a run with a deadline is not woken by the next owner',
    file: 'host/recovery.js',
    from: 'deadlines.set(key, row.nextDeadlineAt);',
    to: '{}',
    by: 'invoke: under an id that is taken',
  },
  {
    name: 'automatic ids begin anew after a restore',
    file: 'engine/engine.js',
    from: 'this.#booked = state?.booked ?? 0;',
    to: 'this.#booked = 0;',
  },
];

const [only] = process.argv.slice(2);
const wanted = MUTATIONS.filter(({ name }) => only === undefined || name === only);
const tally = await tryAll(wanted, LANES, (mutation) =>
  withMutant(CORE, mutation, (core) => inTheSuite(core, mutation)),
);
console.log(tallyLine(tally));
process.exit(tally.failed === 0 ? 0 : 1);

/**
 * @param {string} core
 * @param {Mutation} mutation
 */
async function inTheSuite(core, { by }) {
  const crashes = ['scripts/crash.mjs', '--short', '--pairs', '0', '--stop-at-first', ...(by ? ['--first', by] : [])];
  const contract = { suite: CONTRACT, args: ['scripts/conformance.mjs'] };
  const everywhere = { suite: 'crashes everywhere', args: crashes };
  for (const { suite, args } of by === CONTRACT ? [contract, everywhere] : [everywhere, contract]) {
    const { code, output } = await run([process.execPath, ...args, '--core', core], { timeoutMs: 300_000 });
    const failure = output.split('\n').find((line) => line.startsWith('✗')) ?? 'it did not end';
    if (code !== 0) return { caught: true, what: `caught by ${suite}: ${failure.slice(2, 120)}` };
  }
  return { caught: false, what: 'nothing noticed it' };
}
