import { ManualClock } from '@holdfast/core/testing';
import { expect, test } from 'vitest';
import { PageGround } from './page-ground.js';

function aPage({ leaving }: { leaving: boolean }) {
  const page = { leaving };
  const clock = new ManualClock();
  const ground = new PageGround(clock, async () => !page.leaving);
  const answers: boolean[] = [];
  const ask = () => void ground.holds().then((holds) => answers.push(holds));
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    }
  };
  return { page, answers, ask, pass };
}

test('what fails in a page that stands has failed of itself', async () => {
  const { answers, ask, pass } = aPage({ leaving: false });
  ask();
  await pass(0);
  await Promise.resolve();
  expect(answers).toEqual([true]);
});

test('what fails in a page that is about to be left waits until it has turned out to stay, and is done anew', async () => {
  const { page, answers, ask, pass } = aPage({ leaving: true });
  ask();
  await pass(30_000);
  expect(answers).toEqual([]);
  page.leaving = false;
  await pass(50);
  expect(answers).toEqual([false]);
});

test('where nothing can be read for good, failures count in the end', async () => {
  const { answers, ask, pass } = aPage({ leaving: true });
  ask();
  await pass(59_900);
  expect(answers).toEqual([]);
  await pass(150);
  expect(answers).toEqual([true]);
});

test('by itself it reads a Blob', async () => {
  expect(await new PageGround(new ManualClock()).holds()).toBe(true);
});
