import { expect, test, vi } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { Trial } from './trial.js';

function aTrial(timeoutMs?: number) {
  const clock = new ManualClock();
  const store = async () => {};
  return { clock, trial: new Trial({ step: 's', clock, timeoutMs, valueLength: Infinity, details: undefined, store }) };
}

test('a signal that is asked for after the end of the try says that it was aborted, and why', async () => {
  const { clock, trial } = aTrial(100);
  const outcome = trial.outcomeOf(() => new Promise(() => {}));
  const asked = aTrial(100);
  const early = asked.trial.signal;
  clock.advance(100);
  asked.clock.advance(100);
  expect(await outcome).toMatchObject({ error: { code: 'STEP_TIMEOUT' } });
  expect(trial.signal.reason).toMatchObject({ code: 'STEP_TIMEOUT' });
  expect(early.reason).toMatchObject({ code: 'STEP_TIMEOUT' });
});

test('a try that is cut off while its body is being called has failed, whatever the body gives', async () => {
  const { trial } = aTrial();
  const call = (gives: unknown) => () => {
    trial.abort('cut off');
    return gives;
  };
  expect(await trial.outcomeOf(call('a result'))).toEqual({ error: 'cut off' });
  expect(await trial.outcomeOf(call(Promise.resolve('a result')))).toEqual({ error: 'cut off' });
});

test('a try whose body asks for no signal makes none', async () => {
  const made = vi.spyOn(globalThis, 'AbortController');
  const { trial } = aTrial();
  expect(trial.outcomeOf(() => 'a result')).toEqual({ output: 'a result' });
  expect(made).not.toHaveBeenCalled();
  made.mockRestore();
});
