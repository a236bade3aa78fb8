import { describe, expect, test } from 'vitest';
import type { StepContext, StepsContext } from '../define/steps-logic.js';
import type { HoldfastError } from '../errors/index.js';
import { StepsWorld, settle } from '../testing/steps-world.test-support.js';
import type { JournalEntry } from './journal.js';

const endless = () => new Promise<never>(() => {});

describe('details', () => {
  const seen: unknown[] = [];
  /** Goes on at the stored offset; a try fails after two parts. */
  const upload = async ({ details = 0, heartbeat }: StepContext) => {
    seen.push(details);
    for (let offset = details as number, sent = 0; offset < 5; offset++) {
      if (sent++ === 2) throw new Error(`cut off at ${offset}`);
      await heartbeat(offset + 1);
    }
    return 'uploaded';
  };

  test('reach the next try', async () => {
    seen.length = 0;
    const world = new StepsWorld();
    const session = world.run(({ step }) => step('upload', { retry: { attempts: 3, delay: 0 } }, upload));
    await settle();
    expect(session.outcomes).toEqual([{ output: 'uploaded' }]);
    expect([seen, session.heartbeats]).toEqual([
      [0, 2, 4],
      [1, 2, 3, 4, 5],
    ]);
  });

  test('reach the try after a crash, which uses none up; they are gone with the end of the step', async () => {
    const world = new StepsWorld();
    const attempts: number[] = [];
    const steps = ({ step }: StepsContext) =>
      step('upload', async ({ attempt, details = 0, heartbeat }) => {
        attempts.push(attempt);
        if (details === 2) return details;
        await heartbeat(details + 1);
        return endless();
      });
    for (let i = 0; i < 2; i++) {
      const session = world.run(steps);
      await settle();
      session.execution.stop(new Error('crash'));
    }
    expect(world.journal.get('upload')).toMatchObject({ status: 'begun', attempts: 0, details: 2 });
    expect(await world.output(steps)).toBe(2);
    expect(attempts).toEqual([1, 1, 1]);
    expect(world.journal.get('upload')).not.toHaveProperty('details');
  });

  test('hold through the wait before a try, and through a try that tells nothing', async () => {
    const world = new StepsWorld();
    const seen: unknown[] = [];
    const steps = ({ step }: StepsContext) =>
      step('one', { retry: { attempts: 3, delay: '1s' } }, async ({ attempt, details, heartbeat }) => {
        seen.push(details);
        if (attempt === 1) await heartbeat('half');
        if (attempt < 3) throw new Error(`try ${attempt}`);
      });
    world.run(steps).execution;
    await settle();
    expect(world.journal.get('one')).toMatchObject({ status: 'retrying', details: 'half' });
    for (const ms of [1000, 2000]) {
      world.clock.advance(ms);
      await settle();
    }
    expect(seen).toEqual([undefined, 'half', 'half']);
  });

  test('of a try that failed while the network was gone are kept, though it is not counted', async () => {
    const world = new StepsWorld();
    const seen: unknown[] = [];
    const session = world.run(({ step }) =>
      step('one', { requires: 'online' }, async ({ attempt, details, heartbeat }) => {
        seen.push([attempt, details]);
        if (details !== undefined) return 'done';
        await heartbeat('half');
        world.network.set(false);
        throw new Error('no network');
      }),
    );
    await settle();
    world.network.set(true);
    await settle();
    expect([seen, session.outcomes]).toEqual([
      [
        [1, undefined],
        [1, 'half'],
      ],
      [{ output: 'done' }],
    ]);
  });
});

describe('what is told', () => {
  /** Storing ends when the test says so. */
  const slowly = () => {
    const waiting: (() => void)[] = [];
    const stored: unknown[] = [];
    const heartbeat = ({ entry }: { entry: JournalEntry }) => {
      stored.push(entry.details);
      return new Promise<JournalEntry>((resolve) => waiting.push(() => resolve(entry)));
    };
    return { waiting, stored, ports: { heartbeat } };
  };

  test('while others are being stored replaces what waits, and is stored last', async () => {
    const { waiting, stored, ports } = slowly();
    const world = new StepsWorld();
    const told: number[] = [];
    world.run(
      ({ step }) =>
        step('one', async ({ heartbeat }) => {
          for (const n of [1, 2, 3]) void heartbeat(n).then(() => told.push(n));
          return endless();
        }),
      { ports },
    );
    await settle();
    expect([stored, told]).toEqual([[1], []]);
    waiting[0]?.();
    await settle();
    expect([stored, told]).toEqual([[1, 3], []]);
    waiting[1]?.();
    await settle();
    expect([stored, told.sort()]).toEqual([
      [1, 3],
      [1, 2, 3],
    ]);
  });

  test('after the end of its try goes nowhere: not over the result, nor over the next try', async () => {
    const { stored, ports } = slowly();
    const world = new StepsWorld();
    let late: StepContext['heartbeat'] | undefined;
    await world.output(
      ({ step }) =>
        step('one', ({ heartbeat }) => {
          late = heartbeat;
        }),
      { ports },
    );
    await late?.('too late');
    const next = new StepsWorld();
    const session = next.run(
      ({ step }) =>
        step('two', { timeout: '1s' }, async ({ heartbeat }) => {
          late = heartbeat;
          return endless();
        }),
      { ports },
    );
    await settle();
    next.clock.advance(1000);
    await settle();
    expect(session.outcomes[0]).toMatchObject({ error: { code: 'STEP_TIMEOUT' } });
    await late?.('too late');
    expect(stored).toEqual([]);
  });

  test('is as it was when it was told, though it waits and is changed in place meanwhile', async () => {
    const { waiting, stored, ports } = slowly();
    const offset = { sent: 1 };
    new StepsWorld().run(
      ({ step }) =>
        step('one', ({ heartbeat }) => {
          void heartbeat('first');
          void heartbeat(offset);
          offset.sent = 2;
          return endless();
        }),
      { ports },
    );
    await settle();
    waiting[0]?.();
    await settle();
    expect(stored).toEqual(['first', { sent: 1 }]);
  });

  test('and still waits when its try ends is not stored over the result', async () => {
    const { waiting, stored, ports } = slowly();
    const world = new StepsWorld();
    const session = world.run(
      ({ step }) =>
        step('one', ({ heartbeat }) => {
          void heartbeat(1);
          void heartbeat(2);
          return 'done';
        }),
      { ports },
    );
    await settle();
    waiting[0]?.();
    await settle();
    expect([stored, session.outcomes]).toEqual([[1], [{ output: 'done' }]]);
  });

  test('and stopped goes nowhere either', async () => {
    const { stored, ports } = slowly();
    const world = new StepsWorld();
    let late: StepContext['heartbeat'] | undefined;
    const session = world.run(
      ({ step }) =>
        step('one', ({ heartbeat }) => {
          late = heartbeat;
          return endless();
        }),
      { ports },
    );
    await settle();
    session.execution.stop(new Error('crash'));
    await late?.('too late');
    expect(stored).toEqual([]);
  });

  test('and can not be stored is refused at once, by name', async () => {
    const refused = await new StepsWorld().output(({ step }) =>
      step('one', ({ heartbeat }) => {
        try {
          void heartbeat({ f: () => {} });
        } catch (error) {
          return (error as HoldfastError).message;
        }
        return 'taken';
      }),
    );
    expect(refused).toMatch(/heartbeat of step "one"/);
  });
});

describe('delivery: at-most-once', () => {
  const once =
    (body: () => unknown) =>
    ({ step }: StepsContext) =>
      step('charge', { delivery: 'at-most-once' }, body);

  test('leaves a mark before its effect', async () => {
    const world = new StepsWorld();
    let marked: JournalEntry | undefined;
    const output = await world.output(
      once(() => {
        marked = world.journal.get('charge');
        return 'charged';
      }),
    );
    expect([output, marked?.status, world.journal.get('charge')?.status]).toEqual(['charged', 'begun', 'completed']);
  });

  test('is not done again after a crash, and says so, durably', async () => {
    const world = new StepsWorld();
    let done = 0;
    const session = world.run(
      once(() => {
        done++;
        return endless();
      }),
    );
    await settle();
    session.execution.stop(new Error('crash'));
    for (let i = 0; i < 2; i++) {
      await expect(world.output(once(() => done++))).rejects.toMatchObject({ code: 'STEP_OUTCOME_UNKNOWN' });
    }
    expect([done, world.journal.get('charge')]).toMatchObject([1, { status: 'failed', attempts: 1 }]);
  });

  test('is done after a crash before its mark was stored', async () => {
    const world = new StepsWorld();
    const ports = { record: () => endless() };
    const session = world.run(
      once(() => 'charged'),
      { ports },
    );
    await settle();
    session.execution.stop(new Error('crash'));
    expect(await world.output(once(() => 'charged'))).toBe('charged');
  });

  test('fails as any other, once', async () => {
    const world = new StepsWorld();
    let done = 0;
    const fails = once(() => {
      done++;
      throw new Error('declined');
    });
    for (let i = 0; i < 2; i++) await expect(world.output(fails)).rejects.toThrow('declined');
    expect(done).toBe(1);
  });

  test('is not tried again when it failed while the network was gone', async () => {
    const world = new StepsWorld();
    let done = 0;
    const steps = ({ step }: StepsContext) =>
      step('charge', { delivery: 'at-most-once', requires: 'online' }, () => {
        done++;
        world.network.set(false);
        throw new Error('no network');
      });
    await expect(world.output(steps)).rejects.toThrow('no network');
    expect(done).toBe(1);
  });

  test('of items: each by itself', async () => {
    const world = new StepsWorld();
    const done: number[] = [];
    const all =
      (hang: boolean) =>
      ({ step }: StepsContext) =>
        step.all([1, 2], { name: 'charge', concurrency: 1, delivery: 'at-most-once' }, (n) => {
          done.push(n);
          return hang && n === 2 ? endless() : n;
        });
    const session = world.run(all(true));
    await settle();
    session.execution.stop(new Error('crash'));
    await expect(world.output(all(false))).rejects.toMatchObject({
      code: 'STEP_OUTCOME_UNKNOWN',
      details: { step: 'charge:1' },
    });
    expect(done).toEqual([1, 2]);
  });
});
