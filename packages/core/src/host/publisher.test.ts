import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Interest, Notice } from '../client/protocol.js';
import { Publisher } from './publisher.js';

const FRAME_MS = 16;
const one = { workflow: 'w', run: 'one' };
const ofRun = (run: string, id = `run ${run}`): Interest => ({ id, kind: 'run', address: { workflow: 'w', run } });

/** A publisher over texts that the test writes, and what it told. */
function aPublisher() {
  const texts = new Map<string, string>();
  const ended = new Set<string>();
  const told: string[] = [];
  let made = 0;
  const make = async (interest: Interest): Promise<Notice> => {
    made++;
    if (interest.kind === 'runs') return { kind: 'runs', interest: interest.id, rows: [] };
    const { run } = interest.address;
    if (interest.only === 'end' && !ended.has(run)) return { kind: 'going on', interest: interest.id };
    return { kind: 'run', interest: interest.id, snapshot: { text: texts.get(run) ?? '', blobs: [] } };
  };
  const onError = (error: unknown) => {
    throw error;
  };
  const goesOn = ({ run }: { run: string }) => !ended.has(run);
  const publisher = new Publisher(make, { onError, frameMs: FRAME_MS, goesOn });
  publisher.listen((notice) => {
    const text = notice.kind === 'run' ? notice.snapshot.text : notice.kind;
    told.push('interest' in notice ? `${notice.interest}: ${text}` : text);
  });
  const change = (run: string, text: string) => {
    texts.set(run, text);
    publisher.changed({ workflow: 'w', run });
  };
  const end = (run: string, text: string) => {
    ended.add(run);
    change(run, text);
  };
  return { publisher, told, change, end, made: () => made };
}

const microtasks = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('a change costs the same, however many other runs are watched', async () => {
  const cost = async (others: number) => {
    const { publisher } = aPublisher();
    for (let n = 0; n < others; n++) publisher.watch(ofRun(`${n}`));
    publisher.watch(ofRun('one'));
    await microtasks();
    const keys = vi.spyOn(globalThis, 'encodeURIComponent');
    publisher.changed(one);
    publisher.emitted(one, { text: '', blobs: [] });
    const looks = keys.mock.calls.length;
    keys.mockRestore();
    return looks;
  };
  expect(await cost(100)).toBe(await cost(1));
});

test('what is read and was told last is not told again, and keeps what is new from waiting for a frame', async () => {
  const { publisher, told, change } = aPublisher();
  publisher.watch(ofRun('one'));
  await vi.advanceTimersByTimeAsync(FRAME_MS);
  publisher.changed(one);
  await microtasks();
  change('one', 'new');
  await microtasks();
  expect(told).toEqual(['run one: ', 'run one: new']);
});

test('between two notices of a run is a frame, and the last change is told', async () => {
  const { publisher, told, change } = aPublisher();
  publisher.watch(ofRun('one'));
  await microtasks();
  for (const text of ['a', 'b', 'c']) {
    change('one', text);
    await microtasks();
  }
  expect(told).toEqual(['run one: ']);
  await vi.advanceTimersByTimeAsync(FRAME_MS);
  expect(told).toEqual(['run one: ', 'run one: c']);
});

test('who is interested in the end alone is told of it at once, and of a run that goes on nothing is looked for', async () => {
  const { publisher, told, change, end, made } = aPublisher();
  publisher.watch({ ...ofRun('one', 'end'), only: 'end' } as Interest);
  await microtasks();
  for (const text of ['a', 'b']) {
    change('one', text);
    await microtasks();
  }
  expect(made()).toBe(1);
  expect(told).toEqual(['end: going on']);
  end('one', 'c');
  await microtasks();
  expect(told).toEqual(['end: going on', 'end: c']);
});

test('an interest that is declared anew is told what it was told before, once', async () => {
  const { publisher, told, change } = aPublisher();
  publisher.watch(ofRun('one'));
  await microtasks();
  publisher.watch(ofRun('one'));
  await microtasks();
  change('one', 'new');
  await vi.advanceTimersByTimeAsync(10 * FRAME_MS);
  publisher.emitted(one, { text: '', blobs: [] });
  expect(told).toEqual(['run one: ', 'run one: ', 'run one: new', 'run one: emitted']);
});

test('a change concerns all interests in its run, lists that may hold it, and nothing else', async () => {
  const { publisher, told, change } = aPublisher();
  publisher.watch(ofRun('one', 'a'));
  publisher.watch(ofRun('one', 'b'));
  publisher.watch(ofRun('two'));
  publisher.watch({ id: 'all', kind: 'runs', query: {} });
  publisher.watch({ id: 'others', kind: 'runs', query: { workflow: 'v' } });
  await vi.advanceTimersByTimeAsync(FRAME_MS);
  told.splice(0, Infinity);
  publisher.unwatch('b');
  change('one', 'new');
  await microtasks();
  expect(told).toEqual(['a: new', 'all: runs']);
  publisher.close();
  change('one', 'newer');
  publisher.emitted(one, { text: '', blobs: [] });
  await vi.advanceTimersByTimeAsync(10 * FRAME_MS);
  expect(told).toEqual(['a: new', 'all: runs']);
});
