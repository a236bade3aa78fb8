import { describe, expect, test } from 'vitest';
import { setup } from 'xstate';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { AnyServices } from '../define/steps-logic.js';
import { CrashWorld, ends } from '../testing/crash-world.test-support.js';

/** A step function that leaves the end of each of its steps in the ledger. */
const work = (...names: string[]) =>
  fromSteps(async ({ step, sleep }) => {
    for (const name of names) {
      if (name.startsWith('nap')) await sleep(name, '1h');
      else await step(name, ({ services, idempotencyKey }) => (services as AnyServices).effect?.(name, idempotencyKey));
    }
  });

const order = (actor: ReturnType<typeof work>, states: object) =>
  setup({ actors: { work: actor, more: work('extra') } }).createMachine({
    id: 'm',
    initial: Object.keys(states)[0],
    context: { version: 1 },
    states: { ...states, late: {}, end: { type: 'final' } },
    output: ({ context }: { context: unknown }) => context,
  } as never);
const invoke = { src: 'work', id: 'work', onDone: 'end' };

const first = defineWorkflow({
  id: 'w',
  version: 1,
  logic: order(work('one', 'nap', 'two'), { a: { invoke, after: { 86400000: 'late' } } }),
});
const second = defineWorkflow({
  id: 'w',
  version: 2,
  logic: order(work('eins', 'nap', 'two', 'three'), {
    c: { invoke: [invoke, { src: 'more', id: 'more' }], after: { 7200000: 'late' } },
  }),
  migrate: {
    1: (state) => {
      const { one, ...steps } = state.children?.work?.steps ?? {};
      if (!one) throw new Error('Step "one" is not there.');
      const child = { ...state.children?.work, src: 'work', steps: { ...steps, eins: one } };
      return { ...state, value: 'c', context: { version: 2 }, children: { work: child } };
    },
  },
});

/** Starts a run under the first version, then goes on under the second, through a crash at the given write of it. */
async function live(crash?: { write: number; when: 'before' | 'after' }) {
  const world = new CrashWorld([first]);
  const old = world.boot();
  const input = encode(undefined, 'input');
  await old.host.start({ workflow: 'w', run: 'a', input, ifExists: 'join', callId: 'call' });
  await world.settle();
  await old.kill();
  const closed = () => world.head('w', 'a')?.closedAt !== undefined;
  const dying = world.boot({ workflows: [second], ...(crash ? { crash } : {}) });
  await world.pass(() => dying.dead || closed());
  if (dying.dead) {
    world.boot({ workflows: [second] });
    await world.pass(closed);
  }
  const history = world.database.tables.history({ workflow: 'w', run: 'a' });
  return {
    writes: dying.writes,
    ledger: world.ledger,
    errors: world.errors,
    status: world.head('w', 'a')?.status,
    seqs: history.map(({ seq }) => seq),
    versions: history.filter(({ arrival }) => arrival.kind === 'version').map(({ arrival }) => arrival.name),
  };
}

describe('a host that dies around a migration', async () => {
  const calm = await live();

  test('leaves nothing to be seen in a run that nothing disturbs', () => {
    expect(calm).toMatchObject({ status: 'done', errors: [], versions: ['1 -> 2'] });
    expect([...ends(calm.ledger)].sort()).toEqual(['extra', 'one', 'three', 'two']);
  });

  test.each(
    Array.from({ length: calm.writes }, (_, i) => i + 1).flatMap((write) => [
      { write, when: 'before' as const },
      { write, when: 'after' as const },
    ]),
  )('killed $when write $write of the new version, the run is migrated once and ends the same', async (crash) => {
    const outcome = await live(crash);
    expect(outcome).toMatchObject({ status: 'done', errors: [], versions: ['1 -> 2'], seqs: calm.seqs });
    expect([...new Set(ends(outcome.ledger))].sort()).toEqual(['extra', 'one', 'three', 'two']);
    expect(ends(outcome.ledger).filter((name) => name === 'one')).toHaveLength(1);
    expect(ends(outcome.ledger).length).toBeLessThanOrEqual(6);
  });
});
