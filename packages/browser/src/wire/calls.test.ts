import { HoldfastError } from '@holdfast/core';
import { afterEach, expect, test, vi } from 'vitest';
import { answerCalls, callsTo, tellTo } from './calls.js';

interface Api {
  add(a: number, b: number): number;
  fail(): never;
  give(): unknown;
  hear(text: string): void;
}

const channels: MessageChannel[] = [];
afterEach(() => {
  for (const { port1 } of channels.splice(0)) port1.close();
});

/** Both ends of a channel: the one that answers by `methods`, and the one that calls. */
function ends(methods: Partial<Api>, signals: { answers?: AbortSignal; calls?: AbortSignal } = {}) {
  const channel = new MessageChannel();
  channels.push(channel);
  const { port1: own, port2: other } = channel;
  answerCalls(own, methods, signals.answers);
  const failed = vi.fn();
  const ask = callsTo<Api>(other, signals.calls);
  own.start();
  other.start();
  return { own, other, ask, failed, tell: tellTo<Api>(other, failed) };
}

test('each call has its own answer, also where a later one is answered first', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const add = (a: number, b: number) => (a === 0 ? held.then(() => b) : a + b) as number;
  const { ask } = ends({ add });
  const first = ask('add', 0, 7);
  expect(await ask('add', 1, 2)).toBe(3);
  release();
  expect(await first).toBe(7);
});

test('an error keeps its code and its details', async () => {
  const fail = () => {
    throw new HoldfastError('STORE_LOST', { message: 'Gone.', details: { database: 'a' } });
  };
  await expect(ends({ fail }).ask('fail')).rejects.toMatchObject({ code: 'STORE_LOST', details: { database: 'a' } });
});

test('what can not cross rejects the call, as an argument and as an answer', async () => {
  const { ask } = ends({ add: (a, b) => a + b, give: () => () => 1 });
  await expect(ask('add', (() => 1) as never, 2)).rejects.toMatchObject({ name: 'DataCloneError' });
  await expect(ask('give')).rejects.toMatchObject({ name: 'DataCloneError' });
  expect(await ask('add', 1, 2)).toBe(3);
});

test('what is told comes in the order in which it was posted, and is not answered', async () => {
  const heard: string[] = [];
  const { ask, tell, other } = ends({ hear: (text) => void heard.push(text), add: (a, b) => a + b });
  const answers = vi.fn();
  other.addEventListener('message', answers);
  tell('hear', 'a');
  tell('hear', 'b');
  await ask('add', 1, 2);
  expect(heard).toEqual(['a', 'b']);
  expect(answers).toHaveBeenCalledOnce();
});

test('messages of others are left alone', async () => {
  const { ask, own, other } = ends({ add: (a, b) => a + b });
  for (const foreign of [null, 'text', 3, { holdfast: 'serving' }, { holdfast: 'parcel' }, { id: 1 }]) {
    own.postMessage(foreign);
    other.postMessage(foreign);
  }
  expect(await ask('add', 1, 2)).toBe(3);
});

test('of a side that has ended nothing is heard, and it performs nothing', async () => {
  const answers = new AbortController();
  const add = vi.fn((a: number, b: number) => a + b);
  const { ask, own } = ends({ add }, { answers: answers.signal });
  await ask('add', 1, 2);
  answers.abort();
  void ask('add', 3, 4);
  // Heard after the call, as it was posted after it.
  const heard = new Promise((resolve) =>
    own.addEventListener('message', ({ data }) => data === 'last' && resolve(data)),
  );
  channels[0]?.port2.postMessage('last');
  await heard;
  expect(add).toHaveBeenCalledOnce();
});

/** What `port` is posted from now on, as the items of each message. */
function posted(port: MessagePort) {
  const messages: string[][] = [];
  const post = port.postMessage.bind(port);
  port.postMessage = (message: { items: { args: [string] }[] }) => {
    post(message);
    messages.push(message.items.map(({ args: [text] }) => text));
  };
  return messages;
}

test('what is said in one turn is the first, and the rest in messages of fifty; it is heard in its order', async () => {
  const heard: string[] = [];
  const { other, tell, ask } = ends({ hear: (text) => void heard.push(text), add: (a, b) => a + b });
  const messages = posted(other);
  const texts = Array.from({ length: 102 }, (_, n) => `${n}`);
  for (const text of texts) tell('hear', text);
  expect(messages).toEqual([['0']]);
  await ask('add', 1, 2);
  expect(messages.map(({ length }) => length)).toEqual([1, 50, 50, 2]);
  expect(heard).toEqual(texts);
  tell('hear', 'next turn');
  expect(messages.at(-1)).toEqual(['next turn']);
});

test('what an answer and what is told come in the order in which they were said, also in one message', async () => {
  const { own, other, ask } = ends({ add: (a, b) => a + b });
  const order: string[] = [];
  answerCalls(other, { hear: (text: string) => void order.push(text) });
  const tell = tellTo<Api>(own, vi.fn());
  answerCalls(own, {
    add: (a: number, b: number) => {
      tell('hear', `before ${b}`);
      return a + b;
    },
  });
  await Promise.all([1, 2, 3].map((n) => ask('add', 0, n).then((sum) => order.push(`answer ${sum}`))));
  expect(order.filter((what) => what.startsWith('before'))).toEqual(['before 1', 'before 2', 'before 3']);
  for (const n of [1, 2, 3]) expect(order.indexOf(`before ${n}`)).toBeLessThan(order.indexOf(`answer ${n}`));
});

test('of many that are said in one turn only that fails which can not cross', async () => {
  const heard: string[] = [];
  const { ask, tell, failed } = ends({ hear: (text) => void heard.push(text), add: (a, b) => a + b });
  const first = ask('add', 1, 2);
  tell('hear', 'a');
  const bad = ask('add', (() => 1) as never, 2);
  tell('hear', (() => 1) as never);
  tell('hear', 'b');
  await expect(bad).rejects.toMatchObject({ name: 'DataCloneError' });
  expect(failed).toHaveBeenCalledOnce();
  expect(await first).toBe(3);
  expect(await ask('add', 3, 4)).toBe(7);
  expect(heard).toEqual(['a', 'b']);
});

test('of a side that ends over one item of a message the others are not heard', async () => {
  const answers = new AbortController();
  const heard: string[] = [];
  const hear = (text: string) => {
    heard.push(text);
    if (text === 'b') answers.abort();
  };
  const { own, tell } = ends({ hear }, { answers: answers.signal });
  for (const text of ['a', 'b', 'c']) tell('hear', text);
  const last = new Promise((resolve) =>
    own.addEventListener('message', ({ data }) => data === 'last' && resolve(data)),
  );
  // Posted behind what waits for the end of this turn.
  await undefined;
  channels[0]?.port2.postMessage('last');
  await last;
  expect(heard).toEqual(['a', 'b']);
});
