// Breaks the built browser package in one named way at a time, and demands that a named test notices: one of its unit
// tests, or one in a real Chromium over pages that are bundled with the broken copy.
//
//   npm run mutations:browser -- [--short] [--only NAME]
//
// `--short` leaves out what needs a browser; `--only` takes those whose name holds NAME.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureChromium } from './chromium.mjs';
import { tryAll, withMutant } from './mutants.mjs';
import { ROOT, run, tool } from './process.mjs';
import { sum, tallyLine } from './tally.mjs';

const BROWSER = join(ROOT, 'packages/browser/dist');

/** @typedef {{ readonly file: string, readonly name: string }} NamedTest */

/**
 * A test of `unit` stands in the package, one of `page` in `e2e/tests`.
 * @typedef {import('./mutants.mjs').Mutation & ({ unit: NamedTest } | { page: NamedTest })} BrowserMutation
 */

/** @type {(name: string) => { unit: NamedTest }} */
const connectivity = (name) => ({ unit: { file: 'host/connectivity.test.js', name } });
/** @type {(name: string) => { unit: NamedTest }} */
const untilIdle = (name) => ({ unit: { file: 'store/until-idle.test.js', name } });
const STRICT_EPOCH = 'a new owner raises the epoch in one strict transaction';
const AS_CHOSEN = 'each write is as durable as the host chose, and what gives it the store is strict whatever it chose';

/** @type {readonly BrowserMutation[]} */
const MUTATIONS = [
  {
    name: 'connectivity: what the page says is not heard',
    file: 'host/connectivity.js',
    from: 'const up = this.#page && ',
    to: 'const up = ',
    ...connectivity('is offline while the worker or the page says so'),
  },
  {
    name: 'connectivity: all go on at once',
    file: 'host/connectivity.js',
    from: 'clock.now() + random() * resumeWithinMs',
    to: 'clock.now()',
    ...connectivity('who waits goes on at a moment of its own within the time for that'),
  },
  {
    name: 'connectivity: who was to be told of the return is told after the loss',
    file: 'host/connectivity.js',
    from: '                putOff();',
    to: '',
    ...connectivity('a network that is lost again is told at once, and its return no more'),
  },
  {
    name: 'connectivity: who has stopped to wait is told all the same',
    file: 'host/connectivity.js',
    from: 'this.#waiting.get(own)?.();',
    to: '',
    ...connectivity('who stops to wait before its moment is told nothing'),
  },
  {
    name: 'connectivity: several probes at a time',
    file: 'host/connectivity.js',
    from: 'if (this.#asking)\n',
    to: 'if (false)\n',
    ...connectivity('many who wait are one probe'),
  },
  {
    name: 'connectivity: a probe for another network is believed',
    file: 'host/connectivity.js',
    from: 'if (this.#asking !== asking)\n',
    to: 'if (false)\n',
    ...connectivity('the answer of a probe for the network before counts for nothing'),
  },
  {
    name: 'connectivity: a new network is taken for the one before',
    file: 'host/connectivity.js',
    from: "this.#reach = 'unknown';\n        this.#tellChange",
    to: '{}\n        this.#tellChange',
    ...connectivity('what was probed is believed until the browser has said something new, and no longer'),
  },
  {
    name: 'connectivity: a check does not wait as those who wait do',
    file: 'host/connectivity.js',
    from: "if (this.#reach === 'gone' && clock.now() < this.#notBefore)\n            return false;",
    to: '',
    ...connectivity('who comes to wait after a probe has failed does not have it asked sooner'),
  },
  {
    name: 'connectivity: a probe may take for ever',
    file: 'host/connectivity.js',
    from: 'clock.at(clock.now() + PROBE_MS, () => answer(false))',
    to: '() => {}',
    ...connectivity('a probe that takes too long is ended, and counts as failed'),
  },
  {
    name: 'connectivity: a probe is asked for nobody',
    file: 'host/connectivity.js',
    from: 'if (this.#waiting.size === 0)\n',
    to: 'if (false)\n',
    ...connectivity('no probe is asked while nobody waits'),
  },
  {
    name: 'a local write has no first window',
    file: 'store/until-idle.js',
    from: '!done && (isFirst || ofTheApp > 0)',
    to: '!done && ofTheApp > 0',
    ...untilIdle('a function whose first request comes after ours is not idle'),
  },
  {
    name: 'a local write may stand idle',
    file: 'store/until-idle.js',
    from: '!done && (isFirst || ofTheApp > 0)',
    to: '!done',
    ...untilIdle('one that waits while none of its requests is answered is idle'),
  },
  {
    name: 'a local write does not hear that it was aborted',
    file: 'store/until-idle.js',
    from: "transaction.addEventListener('abort', aborted, { once: true });",
    to: '',
    ...untilIdle('a transaction that is aborted under it is told at once, with its reason'),
  },
  {
    name: 'every store is strict',
    file: 'store/durability.js',
    from: "return level === 'strict' ? wanted : 'relaxed';",
    to: 'return wanted;',
    unit: {
      file: 'store/durability.test.js',
      name: 'a store is never more durable than its level, and what is relaxed by itself stays so',
    },
  },
  {
    name: 'no fence',
    file: 'store/commit.js',
    from: 'if (epoch !== head?.epoch || !same)',
    to: 'if (false)',
    page: { file: 'store-trouble.spec.ts', name: 'that was stolen is told to the victim, whose commits are refused' },
  },
  {
    name: 'what was just started is known after the ownership',
    file: 'store/fresh-starts.js',
    from: 'this.#ended || ',
    to: '',
    unit: { file: 'store/fresh-starts.test.js', name: 'when the ownership is over nothing is known, nor learnt' },
  },
  {
    name: 'attachments of what was just started are shared',
    file: 'store/fresh-starts.js',
    from: 'attachments.length > 0 || ',
    to: '',
    unit: { file: 'store/fresh-starts.test.js', name: '2 one with attachments, and one with a long input, are read' },
  },
  {
    name: 'a word to other tabs for each run',
    file: 'store/wakes.js',
    from: 'this.#channel.tell(runs.map(({ workflow, run }) => ({ kind, workflow, run })))',
    to: 'runs.forEach(({ workflow, run }) => this.#channel.tell([{ kind, workflow, run }]))',
    unit: {
      file: 'store/wakes.test.js',
      name: 'what was stored together is told in one message, in its order, and so is what a frame has gathered',
    },
  },
  {
    name: 'one that can not cross takes its message along',
    file: 'wire/line.js',
    from: 'this.#postEach(said);',
    to: '{}',
    unit: { file: 'wire/calls.test.js', name: 'of many that are said in one turn only that fails which can not cross' },
  },
  {
    name: 'what is said is posted in one long message',
    file: 'wire/line.js',
    from: 'const MOST_ITEMS = 50;',
    to: 'const MOST_ITEMS = 5000;',
    unit: {
      file: 'wire/calls.test.js',
      name: 'what is said in one turn is the first, and the rest in messages of fifty; it is heard in its order',
    },
  },
  {
    name: 'the epoch is raised in a relaxed transaction',
    file: 'store/ownership.js',
    from: "transact(db, 'strict',",
    to: "transact(db, 'relaxed',",
    page: { file: 'store-trouble.spec.ts', name: STRICT_EPOCH },
  },
  {
    name: 'a commit is told before it is one',
    file: 'store/transaction.js',
    from: '        await ended;\n        return result;',
    to: '        return result;',
    page: { file: 'store-trouble.spec.ts', name: 'is told when its transaction is complete, and not before' },
  },
  {
    name: 'commits are relaxed',
    file: 'store/commit.js',
    from: 'within(durability, strictestOf(checkpoints))',
    to: "'relaxed'",
    page: { file: 'store-trouble.spec.ts', name: AS_CHOSEN },
  },
  {
    name: 'acceptances are relaxed',
    file: 'store/accept.js',
    from: 'transact(db, durability,',
    to: "transact(db, 'relaxed',",
    page: { file: 'store-trouble.spec.ts', name: AS_CHOSEN },
  },
  {
    name: 'Dexie decides how durable local writes are',
    file: 'dexie/dexie-store.js',
    from: 'ours ? { ...options, durability: level() } : options',
    to: 'options',
    page: { file: 'store-trouble.spec.ts', name: AS_CHOSEN },
  },
  {
    name: 'local writes in Dexie are strict whatever the host chose',
    file: 'dexie/dexie-store.js',
    from: 'level = durability;',
    to: '',
    page: { file: 'store-trouble.spec.ts', name: AS_CHOSEN },
  },
  {
    name: 'local writes by idb are relaxed',
    file: 'idb/idb-store.js',
    from: "'readwrite', { durability }",
    to: "'readwrite', { durability: 'relaxed' }",
    page: { file: 'store-trouble.spec.ts', name: AS_CHOSEN },
  },
  {
    name: 'the log that a crash tore is gone on with',
    file: 'store/ownership.js',
    from: 'await renewLog(connection.name)',
    to: '',
    page: { file: 'torn-log.spec.ts', name: 'and one more after it: nothing is lost' },
  },
  {
    name: 'the log is renewed although the browser has outlived the crash',
    file: 'store/ownership.js',
    from: '!alive.has(before.host) && ',
    to: '',
    page: { file: 'torn-log.spec.ts', name: 'a log is not renewed' },
  },
  {
    name: 'the log is renewed although nothing has crashed',
    file: 'store/ownership.js',
    from: '(await hasCrashed(before, wasEnded)))',
    to: 'true)',
    page: { file: 'torn-log.spec.ts', name: 'a log is not renewed' },
  },
  {
    name: 'what a page says of an end is not heard',
    file: 'store/ownership.js',
    from: 'rivals.sawEnd(host) || ',
    to: '',
    page: { file: 'crash-loop.spec.ts', name: 'and this one can not see yet' },
  },
  {
    name: 'the worker outlives the pagehide of its page',
    file: 'page/page-life.js',
    from: "addEventListener('pagehide', left, listening);",
    to: '',
    page: {
      file: 'crash-loop.spec.ts',
      name: 'five plain reloads during a long step pause nothing, and are not taken for crashes',
    },
  },
  {
    name: 'calls under way die with their worker',
    file: 'page/worker-link.js',
    from: 'for (const call of this.#calls)\n',
    to: 'for (const call of [])\n',
    page: { file: 'link.spec.ts', name: 'a call under way is made again on the next' },
  },
];

const { values: options } = parseArgs({
  options: { short: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const wanted = MUTATIONS.filter(({ name }) => options.only === undefined || name.includes(options.only));
const units = wanted.flatMap((one) => ('unit' in one ? [{ ...one, test: one.unit }] : []));
const pages = wanted.flatMap((one) => ('page' in one && !options.short ? [{ ...one, test: one.page }] : []));
const tallies = [await tryAllBy(inNode, units, 2), await tryAllBy(inChromium, pages, 1)];
const tally = sum(units.length + pages.length === 0 ? [{ passed: 0, failed: 1, skipped: 0 }] : tallies);
console.log(tallyLine(tally));
process.exit(tally.failed === 0 ? 0 : 1);

/** @typedef {(dist: string, tests: readonly NamedTest[]) => Promise<string>} Runner */

/**
 * The sound package first: what its tests say, or that they fail for a broken one proves nothing.
 * @param {Runner} runner
 * @param {readonly (import('./mutants.mjs').Mutation & { readonly test: NamedTest })[]} mutations
 * @param {number} lanes
 */
async function tryAllBy(runner, mutations, lanes) {
  const [any] = mutations;
  if (!any) return { passed: 0, failed: 0, skipped: 0 };
  const tests = [...new Map(mutations.map(({ test }) => [test.name, test])).values()];
  const none = { ...any, name: 'no mutation', to: any.from };
  return sum([
    await tryAll([none], 1, (mutation) =>
      withMutant(BROWSER, mutation, async (dist) => {
        const { passed, failed, output } = countsOf(await runner(dist, tests));
        const all = passed === tests.length && failed === 0;
        return { caught: all, what: all ? 'all tests pass' : output };
      }),
    ),
    await tryAll(mutations, lanes, (mutation) =>
      withMutant(BROWSER, mutation, async (dist) => {
        const { failed } = countsOf(await runner(dist, [mutation.test]));
        return { caught: failed === 1, what: `${failed === 1 ? '' : 'not '}noticed by "${mutation.test.name}"` };
      }),
    ),
  ]);
}

/** Of vitest, `Tests  1 failed | 2 passed`, or of Playwright, a line each. @param {string} output */
function countsOf(output) {
  const text = output.replace(/^ *Test Files .*$/m, '');
  const count = (/** @type {string} */ what) => Number(new RegExp(`^ .*?(\\d+) ${what}`, 'm').exec(text)?.[1] ?? 0);
  return { passed: count('passed'), failed: count('failed'), output };
}

/** @type {Runner} the package's own tests, as they are built beside it */
async function inNode(dist, tests) {
  const config = join(dist, 'vitest.config.mjs');
  const settings = { root: dist, test: { include: ['**/*.test.js'], exclude: [] } };
  writeFileSync(config, `export default ${JSON.stringify(settings)};\n`);
  const args = ['run', '--config', config, ...filesOf(tests), '-t', namesOf(tests)];
  const { output } = await run([...tool('vitest'), ...args], { cwd: dist, env: { NO_COLOR: '1' } });
  return output;
}

/** @type {Runner} */
async function inChromium(dist, tests) {
  const args = ['test', '--config', 'e2e/playwright.config.ts', ...filesOf(tests), '-g', namesOf(tests)];
  const env = {
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    HOLDFAST_BROWSER_DIST: dist,
    HOLDFAST_CHROMIUM: await ensureChromium(),
  };
  const { output } = await run([...tool('@playwright/test', 'playwright'), ...args], { env, timeoutMs: 900_000 });
  return output;
}

/** @param {readonly NamedTest[]} tests */
function filesOf(tests) {
  return [...new Set(tests.map(({ file }) => file))];
}

/** @param {readonly NamedTest[]} tests */
function namesOf(tests) {
  return tests.map(({ name }) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
}
