import fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import { runDurably, runPlainly } from './both-ways.test-support.js';
import { generated } from './generated.test-support.js';

/**
 * The same machines each time. Others: HOLDFAST_GENERATED_SEED=random, and more of them: HOLDFAST_GENERATED_RUNS=1000. What
 * failed, again: HOLDFAST_GENERATED_SEED and HOLDFAST_GENERATED_PATH, as printed; made smaller where a path is given.
 */
const env = (globalThis as { process?: { env: Record<string, string | undefined> } }).process?.env ?? {};
const RUNS = Number(env.HOLDFAST_GENERATED_RUNS ?? 12);
const { HOLDFAST_GENERATED_SEED: seed = '7', HOLDFAST_GENERATED_PATH: path } = env;
/** A machine takes less than a second of a core; of a core that thirty others want, half a minute. */
const MACHINE_MS = 100_000;
/** As if each of them was made to wait, 15 s in the middle. */
const ALL_MS = 120_000 + RUNS * 15_000;
const parameters = {
  numRuns: RUNS,
  ...(seed === 'random' ? {} : { seed: Number(seed) }),
  // To make it smaller takes longer than a test may: then nobody would be told the seed.
  endOnFailure: path === undefined,
  // Nor of what hangs. And a test that goes on after its end would leave its marks among those of the next.
  timeout: MACHINE_MS,
  interruptAfterTimeLimit: ALL_MS,
  markInterruptAsFailure: true,
  ...(path === undefined ? {} : { path }),
};
const TIMEOUT_MS = ALL_MS + MACHINE_MS;

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

test('a generated machine ends in Holdfast as it does under plain XState', { timeout: TIMEOUT_MS }, async () => {
  const same = fc.asyncProperty(generated, async (entry) => {
    const plain = await runPlainly(entry);
    const durable = await runDurably(entry);
    // Which bodies begin, of those that start and are left at one time, is a race.
    const { bodies } = durable.marks;
    // XState leaves the actors of a machine that has thrown running.
    const actions = durable.status === 'error' ? durable.marks.actions : plain.marks.actions;
    expect(plain.marks.actions.slice(0, actions.length)).toEqual(actions);
    const marks = { actions, bodies };
    expect(durable).toEqual({ ...plain, marks });
  });
  await fc.assert(same, parameters);
});

test('a generated machine ends the same when its host is opened anew', { timeout: TIMEOUT_MS }, async () => {
  const same = fc.asyncProperty(generated, async (entry) => {
    const { marks, ...undisturbed } = await runDurably(entry);
    expect(await runDurably(entry, { anew: 'at rest' })).toEqual({ ...undisturbed, marks });
    const disturbed = await runDurably(entry, { anew: 'after each commit' });
    expect(disturbed).toMatchObject({ ...undisturbed, emitted: [] });
    expect(disturbed.marks.actions).toEqual(marks.actions);
    expect(new Set(disturbed.marks.bodies)).toEqual(new Set(marks.bodies));
  });
  await fc.assert(same, parameters);
});
