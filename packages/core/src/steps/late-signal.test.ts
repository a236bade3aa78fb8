import { expect, test } from 'vitest';
import { LateSignal } from './late-signal.js';

test('the first reason stands, and is that of the signal, whether it was asked for before or after', () => {
  for (const early of [true, false]) {
    const late = new LateSignal();
    const asked = early ? late.signal : undefined;
    expect(late).toMatchObject({ aborted: false, reason: undefined });
    late.abort('first');
    late.abort('second');
    expect(late).toMatchObject({ aborted: true, reason: 'first' });
    expect(late.signal).toMatchObject({ aborted: true, reason: 'first' });
    expect(late.signal).toBe(asked ?? late.signal);
  }
});
