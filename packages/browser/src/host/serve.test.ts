import { expect, test } from 'vitest';
import { createWorkerApi, type HostScope } from './serve.js';

const scope = Object.assign(new EventTarget(), { navigator: { onLine: true } }) as unknown as HostScope;

test('a durability that is none is refused by name, before anything is opened', () => {
  expect(() => createWorkerApi({ workflows: [], durability: 'fast' as never }, scope)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', details: { option: 'durability', value: 'fast' } }),
  );
});
