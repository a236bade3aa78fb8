import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PageConnectivity } from './connectivity.js';

let page: EventTarget;
const navigator = { onLine: true };
beforeEach(() => {
  page = new EventTarget();
  navigator.onLine = true;
  vi.stubGlobal('navigator', navigator);
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
});
afterEach(() => vi.unstubAllGlobals());

function set(onLine: boolean): void {
  navigator.onLine = onLine;
  page.dispatchEvent(new Event(onLine ? 'online' : 'offline'));
}

test('is offline while the browser or the worker says so, and tells of changes only', () => {
  const connectivity = new PageConnectivity();
  const told: boolean[] = [];
  const { unsubscribe } = connectivity.subscribe(({ online }) => told.push(online));
  connectivity.tell(true);
  set(false);
  connectivity.tell(false);
  set(true);
  expect(connectivity.getSnapshot()).toEqual({ online: false });
  connectivity.tell(true);
  unsubscribe();
  set(false);
  expect(told).toEqual([false, true]);
  expect(connectivity.getSnapshot()).toEqual({ online: false });
});

test('gives the same object until it changes', () => {
  const connectivity = new PageConnectivity();
  expect(connectivity.getSnapshot()).toBe(connectivity.getSnapshot());
});

test('is online where there is no navigator', () => {
  vi.stubGlobal('navigator', undefined);
  expect(new PageConnectivity().getSnapshot()).toEqual({ online: true });
});

test('who comes after a while that nobody listened is told of the next change', () => {
  const connectivity = new PageConnectivity();
  connectivity.subscribe(() => {}).unsubscribe();
  set(false);
  const told: boolean[] = [];
  connectivity.subscribe(({ online }) => told.push(online));
  set(true);
  expect(told).toEqual([true]);
});
