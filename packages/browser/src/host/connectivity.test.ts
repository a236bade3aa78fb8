import { expect, test } from 'vitest';
import { createConnectivity } from './connectivity.js';

/** A worker's scope, whose `navigator.onLine` is set by hand. */
function aScope() {
  const navigator = { onLine: true };
  const scope = Object.assign(new EventTarget(), { navigator });
  const set = (onLine: boolean) => {
    navigator.onLine = onLine;
    scope.dispatchEvent(new Event(onLine ? 'online' : 'offline'));
  };
  return { scope, set };
}

test('is offline while the worker or the page says so', () => {
  const { scope, set } = aScope();
  const connectivity = createConnectivity(scope);
  const seen: boolean[] = [connectivity.online()];
  for (const say of [
    () => set(false),
    () => connectivity.tell(false),
    () => set(true),
    () => connectivity.tell(true),
  ]) {
    say();
    seen.push(connectivity.online());
  }
  expect(seen).toEqual([true, false, false, false, true]);
});

test('tells of changes only, until it is told to stop', () => {
  const { scope, set } = aScope();
  const connectivity = createConnectivity(scope);
  const told: boolean[] = [];
  const stop = connectivity.subscribe(() => told.push(connectivity.online()));
  set(false);
  connectivity.tell(false);
  connectivity.tell(true);
  set(true);
  stop();
  set(false);
  expect(told).toEqual([false, true]);
});
