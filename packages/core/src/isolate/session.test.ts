import { expect, test } from 'vitest';
import { decode, encode } from '../codec/index.js';
import { settled } from '../testing/local.test-support.js';
import { ManualClock } from '../testing/manual-clock.js';
import type { Beginning, Call, FromStepWorker, Status, ToStepWorker } from './messages.js';
import { Session, type SessionPorts } from './session.js';

/** A session with a worker that says what the test says. */
function aSession(ports: Partial<SessionPorts> = {}) {
  const sent: ToStepWorker[] = [];
  const worker = { hear: (_: FromStepWorker) => {}, ended: false };
  const told: string[] = [];
  const network = new Set<() => void>();
  const tell =
    (what: string) =>
    (...args: unknown[]) =>
      void told.push([what, ...args.map((arg) => JSON.stringify(arg))].join(' '));
  const unused = () => Promise.reject(new Error('Not asked for here.'));
  const session = new Session(
    {
      listen: ({ message }) => {
        worker.hear = message;
      },
      post: (message) => void sent.push(message),
      terminate: () => {
        worker.ended = true;
      },
    },
    { checkDeterminism: false } as Beginning,
    {
      clock: new ManualClock(),
      connectivity: {
        online: () => true,
        subscribe: (change) => {
          network.add(change);
          return () => network.delete(change);
        },
      },
      holds: () => true,
      services: {},
      begin: async () => tell('begin')(),
      unpaused: async () => {},
      inboxTaken: async () => {},
      children: { start: unused, outcome: unused, cancel: unused },
      around: (_, perform) => perform(),
      record: unused,
      heartbeat: unused,
      progress: tell('progress'),
      emit: tell('emit'),
      settled: tell('settled'),
      undone: tell('undone'),
      continued: tell('continued'),
      calmed: tell('calmed'),
      unfit: tell('unfit'),
      report: tell('report'),
      died: tell('died'),
      overdue: tell('overdue'),
      deaf: tell('deaf'),
      ...ports,
    },
  );
  const says = (status: Partial<Status>, ...calls: Call[]) =>
    worker.hear({
      status: { taken: sent.length, quiet: false, busy: false, storing: 0, ...status },
      told: calls.map((what, index) => ({ kind: 'call', call: index + 1, what })),
    });
  return { session, sent, worker, told, network, says };
}

const mail = { place: '1.0', event: { type: 'GO' }, at: 0 };

test('1. what it was sent and has not taken counts as work: it is busy, and not quiet', () => {
  const { session, says } = aSession();
  expect([session.quiet, session.busy]).toEqual([false, true]);
  says({ quiet: true });
  expect([session.quiet, session.busy]).toEqual([true, false]);
  session.give(mail);
  expect([session.quiet, session.busy]).toEqual([false, true]);
  says({ taken: 1, quiet: true });
  expect([session.quiet, session.busy]).toEqual([false, true]);
  says({ quiet: true });
  expect([session.quiet, session.busy]).toEqual([true, false]);
});

test('each message has the next number, and its answer that of its call', async () => {
  const { session, sent, says } = aSession();
  says({}, { to: 'begin' }, { to: 'service', name: 'other', args: encode([], 'arguments') });
  await settled();
  session.give(mail);
  expect(sent.map(({ n, kind }) => `${n} ${kind}`)).toEqual(['1 begin', '2 answer', '3 answer', '4 give']);
  const answers = sent.flatMap((message) => (message.kind === 'answer' ? [message] : []));
  const answerTo = (call: number) => answers.find((message) => message.call === call)?.answer;
  expect(answerTo(1)).toHaveProperty('value');
  const refused = answerTo(2) as { error: never };
  expect(decode(refused.error)).toMatchObject({ code: 'SERVICE_UNKNOWN' });
});

test('2. once it is stopped nothing is begun, answered or told; once it is ended nothing is heard or sent', async () => {
  const { session, sent, worker, told, network, says } = aSession();
  const tried = { id: 1, name: 'one', idempotencyKey: 'k', attempt: 1, timeoutMs: undefined };
  says({}, { to: 'try', tried });
  await settled();
  session.stop(new Error('left'));
  const before = sent.length;
  worker.hear({ status: { taken: 2, quiet: false, busy: true, storing: 0 }, told: [{ kind: 'undone' }] });
  says({}, { to: 'begin' });
  await settled();
  expect([told.filter((what) => what !== 'calmed'), sent.length, worker.ended]).toEqual([[], before, false]);
  session.end(undefined);
  session.give(mail);
  worker.hear({
    status: { taken: 9, quiet: true, busy: false, storing: 0 },
    told: [{ kind: 'trouble', error: encode(1, 'error') }],
  });
  expect([told.includes('report 1'), sent.length, network.size]).toEqual([false, before, 0]);
});

test('stopped with nothing under way, it ends its worker at once', () => {
  const { session, worker } = aSession();
  session.stop(new Error('left'));
  expect(worker.ended).toBe(true);
});

test('its end rejects who waits for a try of it, and ends the wait for a child', async () => {
  const ends: string[] = [];
  const { session, says } = aSession({
    around: ((_: unknown, perform: () => Promise<unknown>) => {
      const work = perform();
      work.catch((error: Error) => ends.push(error.message));
      return work;
    }) as never,
    children: {
      start: async () => {},
      cancel: async () => {},
      outcome: (_, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          signal.addEventListener('abort', () => ends.push('child'));
        }),
    },
  });
  const tried = { id: 1, name: 'one', idempotencyKey: 'k', attempt: 1, timeoutMs: undefined };
  says({}, { to: 'try', tried }, { to: 'outcome of child', child: { workflow: 'w', run: '1' } });
  await settled();
  session.end(new Error('gone'));
  await settled();
  expect(ends.sort()).toEqual(['child', 'gone']);
});
