import { afterEach, describe, expect, test, vi } from 'vitest';
import { Replay } from './replay.js';

const turnOf = (replay: Replay, order: number) => new Promise<void>((give) => replay.turn(order, give));

/** Asks for results, and notes the order in which they come. */
function asking(orders: readonly number[]) {
  const replay = new Replay(orders, setTimeout);
  const given: number[] = [];
  const ask = (order: number) => turnOf(replay, order).then(() => void given.push(order));
  return { replay, given, ask };
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const node = globalThis as unknown as { setImmediate: (work: () => void) => unknown };
const soon = () => new Promise((resolve) => setTimeout(resolve));

describe('invariant 1: results come in the order in which they once completed', () => {
  test('however they are asked for', async () => {
    const { given, ask } = asking([7, 3, 5]);
    await Promise.all([ask(5), ask(7), ask(3)]);
    expect(given).toEqual([3, 5, 7]);
  });

  test('a later one waits while an earlier one may still be asked for', async () => {
    const { given, ask, replay } = asking([1, 2]);
    const second = ask(2);
    await Promise.resolve();
    expect([given, replay.asked, replay.under]).toEqual([[], true, true]);
    await ask(1);
    await second;
    expect([given, replay.asked, replay.under]).toEqual([[1, 2], false, false]);
  });

  test('also of those that were passed over before they were asked for', async () => {
    const { given, ask } = asking([1, 2, 3]);
    await ask(3);
    await Promise.all([ask(2), ask(1)]);
    expect(given).toEqual([3, 1, 2]);
  });

  test('ten thousand, one after the other, wait for no setTimeout, which browsers put off', async () => {
    const orders = Array.from({ length: 10_000 }, (_, i) => i + 1);
    const { given, ask } = asking(orders);
    const timeouts = vi.spyOn(globalThis, 'setTimeout');
    for (const order of orders) await ask(order);
    expect(given).toEqual(orders);
    expect(timeouts).not.toHaveBeenCalled();
  });
});

describe('invariant 3: between two results the function runs as far as it can', () => {
  test('what a result sets off is not overtaken by the next', async () => {
    const replay = new Replay([1, 2], setTimeout);
    const seen: string[] = [];
    const deep = async (depth: number): Promise<void> => (depth > 0 ? deep(depth - 1) : turnOf(replay, 1));
    await Promise.all([deep(20).then(() => seen.push('first')), turnOf(replay, 2).then(() => seen.push('second'))]);
    expect(seen).toEqual(['first', 'second']);
  });

  test('a new result comes after those that are asked for', async () => {
    const { given, ask, replay } = asking([1, 2]);
    const both = Promise.all([ask(2), ask(1)]);
    await replay.caughtUp();
    expect(given).toEqual([1, 2]);
    await both;
  });

  test('without setImmediate, as in a browser', async () => {
    vi.stubGlobal('setImmediate', undefined);
    const { given, ask } = asking([1, 2, 3]);
    await Promise.all([ask(3), ask(2), ask(1)]);
    expect(given).toEqual([1, 2, 3]);
  });
});

describe('invariant 2: a result that nobody asks for holds nothing up', () => {
  test('one in the middle', async () => {
    const { given, ask, replay } = asking([1, 2, 3]);
    await ask(1);
    await ask(3);
    expect([given, replay.under]).toEqual([[1, 3], false]);
  });

  test('of several that wait, the earliest is handed back first', async () => {
    const { given, ask } = asking([1, 2, 3, 4]);
    await Promise.all([ask(4), ask(3)]);
    expect(given).toEqual([3, 4]);
  });

  test('one that is asked for late is handed back all the same', async () => {
    const { given, ask, replay } = asking([1, 2, 3]);
    await ask(2);
    await ask(1);
    await ask(3);
    await soon();
    expect([given, replay.under, replay.asked]).toEqual([[2, 1, 3], false, false]);
  });
});

describe('turns that are asked for ahead', () => {
  test('ten thousand results take one turn each, and the event loop is waited for a few hundred times', async () => {
    const orders = Array.from({ length: 10_000 }, (_, i) => i + 1);
    const { given, ask } = asking(orders);
    let rounds = 0;
    let over = false;
    const count = () => {
      rounds++;
      if (!over) node.setImmediate(count);
    };
    node.setImmediate(count);
    for (const order of orders) await ask(order);
    over = true;
    expect(given).toHaveLength(10_000);
    expect(rounds).toBeLessThan(1000);
  });

  test('are none once nobody asks any more', async () => {
    const { ask } = asking([1, 2, 3]);
    for (const order of [1, 2, 3]) await ask(order);
    await soon();
    const immediates = vi.spyOn(node, 'setImmediate');
    await soon();
    expect(immediates).not.toHaveBeenCalled();
  });

  test('are one again for who asks after a while', async () => {
    const orders = Array.from({ length: 500 }, (_, i) => i + 1);
    const { ask } = asking(orders);
    for (const order of orders) await ask(order);
    await soon();
    const immediates = vi.spyOn(node, 'setImmediate');
    await asking([1]).ask(1);
    expect(immediates).toHaveBeenCalledTimes(1);
  });

  test('functions that run again at a time take theirs by turns', async () => {
    const [one, other] = [new Replay([1, 2, 3], setTimeout), new Replay([1, 2, 3], setTimeout)];
    const seen: string[] = [];
    const all = async (replay: Replay, name: string) => {
      for (const order of [1, 2, 3]) await turnOf(replay, order).then(() => seen.push(`${name}${order}`));
    };
    await Promise.all([all(one, 'a'), all(other, 'b')]);
    expect(seen).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
  });
});

test('an empty journal is not under replay', () => {
  const { replay } = asking([]);
  expect([replay.under, replay.asked]).toEqual([false, false]);
});
