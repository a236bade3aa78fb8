import { expect, test } from 'vitest';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyServices, StepContext } from '../define/steps-logic.js';
import { type CrashPoint, CrashWorld } from '../testing/crash-world.test-support.js';

const UNKNOWN = '"STEP_OUTCOME_UNKNOWN"';

const does =
  (name: string) =>
  async ({ services, idempotencyKey }: StepContext<AnyServices>) => {
    await services.effect?.(name, idempotencyKey, 'begin');
    await services.effect?.(name, idempotencyKey, 'end');
    return name;
  };

const logic = fromSteps(async ({ step }) => {
  await step('before', does('before'));
  const charged = await step('charge', { delivery: 'at-most-once' }, does('charge')).catch(({ code }) => code);
  await step('after', does('after'));
  return charged;
});

/** Leads a run through hosts that die there, one after the other, and one that lives; tells what became of the charge. */
async function charge(...crashes: CrashPoint[]): Promise<{ output: string; charges: number; writes: number[] }> {
  const world = new CrashWorld([defineWorkflow({ id: 'w', version: 1, logic })]);
  const start = { workflow: 'w', run: '1', input: { text: '-1', blobs: [] }, ifExists: 'join', callId: 'c' } as const;
  const writes: number[] = [];
  for (const crash of [...crashes, undefined]) {
    const mortal = world.boot(crash ? { crash } : {});
    void mortal.host.start(start);
    await world.settle();
    writes.push(mortal.writes);
    if (crash) await mortal.kill();
  }
  expect(world.errors).toEqual([]);
  expect(world.head('w', '1')?.status).toBe('done');
  const state = world.database.tables.load({ workflow: 'w', run: '1' })?.values.get('state')?.text ?? '';
  const charges = world.ledger.filter(({ name, phase }) => name === 'charge' && phase === 'begin').length;
  return { output: state.includes(UNKNOWN) ? 'unknown' : 'charged', charges, writes };
}

test('however often the host dies, a charge is made once, or not at all and that is said', async () => {
  const { output, charges, writes } = await charge();
  expect([output, charges]).toEqual(['charged', 1]);
  const outcomes: string[] = [];
  const points = (count = 0) =>
    Array.from({ length: count }, (_, index) => index + 1).flatMap((write) =>
      (['before', 'after'] as const).map((when) => ({ write, when })),
    );
  for (const first of points(writes[0])) {
    const one = await charge(first);
    const pairs = await Promise.all(points(one.writes[1]).map((second) => charge(first, second)));
    for (const { output, charges } of [one, ...pairs]) {
      outcomes.push(`${output} ${charges}`);
      expect(charges).toBeLessThanOrEqual(1);
      if (output === 'charged') expect(charges).toBe(1);
    }
  }
  // After the mark: before the charge (0), or before its result was stored (1).
  expect([...new Set(outcomes)].sort()).toEqual(['charged 1', 'unknown 0', 'unknown 1']);
});
