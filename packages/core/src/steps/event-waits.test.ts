import { describe, expect, test } from 'vitest';
import type { StepsContext, WaitOptions } from '../define/steps-logic.js';
import { StepsWorld, settle } from '../testing/steps-world.test-support.js';

type Wait = StepsContext['waitForEvent'];
const wait =
  (options: Omit<WaitOptions<{ type: string }, string>, 'type'> = {}) =>
  ({ waitForEvent }: { waitForEvent: Wait }) =>
    waitForEvent('wait', { type: 'GO', ...options } as never);
const HOUR = 3_600_000;

describe('a wait for an event', () => {
  test('is stored with its types and its deadline, is quiet, and ends with the event', async () => {
    const world = new StepsWorld();
    const session = world.run(wait({ timeout: '1h' }));
    await settle();
    const until = world.clock.now() + HOUR;
    expect(world.journal.get('wait')).toMatchObject({ kind: 'event', status: 'waiting', types: ['GO'], until });
    expect(session.execution.quiet).toBe(true);
    world.send({ type: 'OTHER' }, session);
    await settle();
    expect(session.execution.quiet).toBe(true);
    world.send({ type: 'GO', n: 1 } as never, session);
    expect(session.execution.quiet).toBe(false);
    await settle();
    expect(session.outcomes).toEqual([{ output: { type: 'GO', n: 1 } }]);
    expect(world.journal.get('wait')).toMatchObject({ status: 'completed', attempts: 0 });
    expect(world.mail.map(({ event }) => event.type)).toEqual(['OTHER']);
    expect(world.clock.nextAt).toBeUndefined();
  });

  test('is one commit when its event came before', async () => {
    const world = new StepsWorld();
    world.send({ type: 'GO' });
    const session = world.run(wait());
    await settle();
    expect(session.outcomes).toEqual([{ output: { type: 'GO' } }]);
    expect(session.records).toHaveLength(1);
  });

  test('is handed back after a restore, with nothing stored again and no event taken', async () => {
    const world = new StepsWorld();
    world.send({ type: 'GO' });
    await world.output(wait());
    world.send({ type: 'GO', second: true } as never);
    const again = world.run(wait());
    await settle();
    expect([again.outcomes, again.records, world.mail.length]).toEqual([[{ output: { type: 'GO' } }], [], 1]);
  });

  test('goes on after a restore with the deadline it had', async () => {
    const world = new StepsWorld();
    const first = world.run(wait({ timeout: '1h' }));
    await settle();
    first.execution.stop('gone');
    const session = world.run(wait({ timeout: '1h' }));
    await settle();
    world.clock.advance(HOUR / 2);
    session.execution.stop('gone');
    const last = world.run(wait({ timeout: '1h' }));
    await settle();
    expect(last.execution.quiet).toBe(true);
    world.clock.advance(HOUR / 2);
    await settle();
    expect(last.outcomes).toMatchObject([{ error: { code: 'EVENT_TIMEOUT', details: { wait: 'wait' } } }]);
    expect(world.journal.get('wait')).toMatchObject({ status: 'failed', error: { code: 'EVENT_TIMEOUT' } });
  });

  test('takes what was accepted at its deadline, though it is found later, and nothing that came after', async () => {
    const world = new StepsWorld();
    const both = async ({ waitForEvent }: StepsContext) => [
      (await waitForEvent('a', { type: 'GO', timeout: '1h' })).n,
      await waitForEvent('b', { type: 'GO', timeout: '1h' }).catch(({ code }) => code),
      (await waitForEvent('c', { type: 'GO' })).n,
    ];
    const first = world.run(both);
    await settle();
    first.execution.stop('the host sleeps');
    world.clock.set(world.clock.now() + HOUR);
    world.send({ type: 'GO', n: 1 } as never);
    const second = world.run(both);
    await settle();
    second.execution.stop('it sleeps again');
    world.clock.set(world.clock.now() + HOUR + 1);
    world.send({ type: 'GO', n: 2 } as never);
    expect(await world.output(both)).toEqual([1, 'EVENT_TIMEOUT', 2]);
  });

  test('looks at all that was accepted before it gives up, and so does a sleep beside it', async () => {
    const world = new StepsWorld();
    const answers: string[] = [];
    const body = ({ waitForEvent, sleep }: StepsContext) =>
      Promise.race([
        waitForEvent('a', { type: 'A', timeout: '1h' }).then(
          () => answers.push('event'),
          () => answers.push('timeout'),
        ),
        sleep('nap', '1h').then(() => answers.push('slept')),
      ]).then(() => sleep('rest', '1m'));
    const inbox = world.clock.now() + HOUR;
    const session = world.run(body, {
      ports: {
        inboxTaken: async () => {
          await Promise.resolve();
          const mail = { place: '99.0', event: { type: 'A' }, at: inbox };
          if (answers.length === 0 && !world.mail.length) {
            world.mail.push(mail);
            session.execution.give(mail);
          }
        },
      },
    });
    await settle();
    world.clock.advance(HOUR);
    await settle();
    expect(answers).toEqual(['event', 'slept']);
  });

  test('ends before a sleep that comes after its event, though its beginning is still to be stored', async () => {
    const world = new StepsWorld();
    const stored: string[] = [];
    let release = () => {};
    const body = ({ sleep, waitForEvent }: StepsContext) =>
      Promise.all([sleep('nap', '1h'), waitForEvent('a', { type: 'A' })]);
    const session = world.run(body, {
      ports: {
        record: async ({ step, entry }) => {
          stored.push(`${step} ${entry.status}`);
          if (entry.status === 'waiting') await new Promise<void>((resolve) => (release = resolve));
          return { ...entry, order: stored.length };
        },
      },
    });
    await settle();
    world.send({ type: 'A' }, session);
    world.clock.advance(HOUR);
    await settle();
    expect(stored).toEqual(['nap sleeping', 'a waiting']);
    release();
    await settle();
    expect(stored.slice(2)).toEqual(['a completed', 'nap completed']);
  });

  test.each([
    ['at a deadline', HOUR, 'heard'],
    ['after it', HOUR + 1, 'slept'],
    // The clock is set back in between.
    ['when it is still ahead', 9 * HOUR, 'heard'],
  ])('of an event accepted %s, both found later, ends in the order of the instants', async (_, at, expected) => {
    const sleeps = ({ sleep }: StepsContext) => sleep('nap', '1h');
    const waits = ({ waitForEvent }: StepsContext) => waitForEvent('other', { type: 'OTHER', timeout: '1h' });
    for (const deadline of [sleeps, waits]) {
      const world = new StepsWorld();
      const body = (context: StepsContext) =>
        Promise.race([
          context.step('first', () => 1).then(() => wait()(context).then(() => 'heard')),
          (deadline(context) as Promise<unknown>).catch(() => {}).then(() => 'slept'),
        ]);
      const { execution } = world.run(body);
      await settle();
      execution.stop('the host sleeps');
      const begun = world.clock.now();
      world.clock.set(begun + at);
      world.send({ type: 'GO' });
      world.clock.set(begun + (at < 2 * HOUR ? 2 * HOUR : HOUR / 2));
      expect(await world.output(body)).toBe(expected);
    }
  });

  test('asks its match, whose error ends it and leaves the event', async () => {
    const world = new StepsWorld();
    const match = ({ n }: { n: number }) => n > 1;
    const session = world.run(wait({ match: match as never }));
    await settle();
    world.send({ type: 'GO', n: 1 } as never, session);
    world.send({ type: 'GO', n: 2 } as never, session);
    await settle();
    expect(session.outcomes).toEqual([{ output: { type: 'GO', n: 2 } }]);
    const throws = () => {
      throw new Error('no');
    };
    const other = world.run(({ waitForEvent }) =>
      waitForEvent('wait', { type: 'GO' }).then(() => waitForEvent('broken', { type: 'GO', match: throws })),
    );
    await settle();
    expect(other.outcomes).toMatchObject([{ error: { message: 'no' } }]);
    expect(world.mail).toHaveLength(1);
  });

  test.each<[string, unknown, string]>([
    ['no type', {}, 'STEP_MISUSED'],
    ['no types', { type: [] }, 'STEP_MISUSED'],
    ['an empty type', { type: '' }, 'STEP_MISUSED'],
    ['no options', undefined, 'STEP_MISUSED'],
    ['a match that is no function', { type: 'GO', match: true }, 'STEP_MISUSED'],
    ['a timeout that is none', { type: 'GO', timeout: '5w' }, 'OPTION_INVALID'],
  ])('is refused with %s', async (_, options, code) => {
    await expect(new StepsWorld().output((context) => context.waitForEvent('w', options as never))).rejects.toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('has a name of its own, and keeps its kind', async () => {
    const world = new StepsWorld();
    world.send({ type: 'GO' });
    const twice = async (context: StepsContext) => {
      await wait()(context);
      return wait()(context);
    };
    await expect(world.output(twice)).rejects.toMatchObject({ code: 'STEP_DUPLICATE' });
    const { misfits } = world.run(({ sleep }) => sleep('wait', '1h'));
    await settle();
    expect(misfits).toMatchObject([{ code: 'JOURNAL_MISMATCH' }]);
  });
});

describe('parallel waits', () => {
  const three = ({ waitForEvent }: StepsContext) =>
    Promise.all([
      waitForEvent('a', { type: 'GO' }).then(({ n }) => `a${n}`),
      waitForEvent('b', { type: ['STOP', 'GO'] }).then(({ type, n }) => `b${type}${n}`),
      waitForEvent('c', { type: 'GO' }).then(({ n }) => `c${n}`),
    ]);
  const go = (n: number) => ({ type: 'GO', n }) as { type: string };

  test('get events in the order in which they were asked for, whether events or waits came first', async () => {
    for (const early of [0, 1, 2, 3]) {
      const world = new StepsWorld();
      for (let n = 1; n <= early; n++) world.send(go(n));
      const session = world.run(three);
      await settle();
      for (let n = early + 1; n <= 3; n++) world.send(go(n), session);
      await settle();
      expect(session.outcomes).toEqual([{ output: ['a1', 'bGO2', 'c3'] }]);
    }
  });

  test('go on in that order after a restore, with what is in the mailbox by then', async () => {
    const world = new StepsWorld();
    const first = world.run(three);
    await settle();
    world.send({ type: 'STOP', n: 1 } as never, first);
    await settle();
    first.execution.stop('gone');
    world.send(go(2));
    world.send(go(3));
    expect(await world.output(three)).toEqual(['a2', 'bSTOP1', 'c3']);
  });
});

describe('emit', () => {
  const body = async ({ step, emit }: StepsContext) => {
    emit({ type: 'BEGUN' });
    await step('one', () => 1);
    emit({ type: 'ONE' });
    await step('two', () => 2);
    emit({ type: 'TWO' });
    return emit;
  };

  test('is not repeated below the stored position', async () => {
    const world = new StepsWorld();
    const types = ({ emitted }: { emitted: readonly unknown[] }) => emitted.map((event) => (event as Event).type);
    const first = world.run(body);
    await settle();
    expect(types(first)).toEqual(['BEGUN', 'ONE', 'TWO']);
    world.journal.delete('two');
    const second = world.run(body);
    await settle();
    expect(types(second)).toEqual(['ONE', 'TWO']);
  });

  test('goes on behind steps that were under way beside each other', async () => {
    const world = new StepsWorld();
    const beside = async ({ step, emit }: StepsContext) => {
      await Promise.all([step('one', () => 1), step('two', () => 2), step('three', () => 3)]);
      emit({ type: 'ALL' });
    };
    for (let again = 0; again < 2; again++) {
      const { emitted } = world.run(beside);
      await settle();
      expect(emitted).toEqual([{ type: 'ALL' }]);
    }
    expect(world.journal.get('two')).toMatchObject({ nested: true });
  });

  test('is not repeated before a wait that is stored, however often its run is put to rest', async () => {
    const world = new StepsWorld();
    const asks = async ({ emit, waitForEvent, sleep }: StepsContext) => {
      emit({ type: 'ASKED' });
      await waitForEvent('answer', { type: 'GO' });
      emit({ type: 'ANSWERED' });
      await sleep('nap', '1h');
    };
    const first = world.run(asks);
    await settle();
    const second = world.run(asks);
    await settle();
    world.send({ type: 'GO' }, second);
    await settle();
    const third = world.run(asks);
    await settle();
    const told = [first, second, third].map(({ emitted }) => emitted.map((event) => (event as Event).type));
    expect(told).toEqual([['ASKED'], ['ANSWERED'], []]);
  });

  test('tells nothing once its function has ended or was stopped, and takes events only', async () => {
    const world = new StepsWorld();
    const ended = world.run(body);
    const stopped = world.run(async ({ step, emit }) => {
      await step('three', () => 3);
      emit({ type: 'LATE' });
    });
    stopped.execution.stop('gone');
    await settle();
    (ended.outcomes[0] as { output: StepsContext['emit'] }).output({ type: 'LATE' });
    expect([ended.emitted.length, stopped.emitted.length]).toEqual([3, 0]);
    await expect(new StepsWorld().output(async ({ emit }) => emit('text' as never))).rejects.toMatchObject({
      code: 'STEP_MISUSED',
    });
  });
});
