import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Interest, Notice } from '../client/protocol.js';
import { Publisher } from './publisher.js';

const FRAME_MS = 16;
const one = { workflow: 'w', run: 'one' };
const ofRun = (run: string, id = `run ${run}`): Interest => ({ id, kind: 'run', address: { workflow: 'w', run } });

/** A publisher over texts that the test writes, and what it told. */
function aPublisher() {
  const texts = new Map<string, string>();
  const told: string[] = [];
  const make = async (interest: Interest): Promise<Notice> =>
    interest.kind === 'runs'
      ? { kind: 'runs', interest: interest.id, rows: [] }
      : { kind: 'run', interest: interest.id, snapshot: { text: texts.get(interest.address.run) ?? '', blobs: [] } };
  const onError = (error: unknown) => {
    throw error;
  };
  const publisher = new Publisher(make, { onError, frameMs: FRAME_MS, goesOn: () => false });
  publisher.listen((notice) => {
    const text = notice.kind === 'run' ? notice.snapshot.text : notice.kind;
    told.push('interest' in notice ? `${notice.interest}: ${text}` : text);
  });
  const change = (run: string, text: string) => {
    texts.set(run, text);
    publisher.changed({ workflow: 'w', run });
  };
  return { publisher, told, change };
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
