import { expect, test } from 'vitest';
import { type HostScope, serveHost } from './serve.js';

const scope = Object.assign(new EventTarget(), { navigator: { onLine: true } }) as unknown as HostScope;
const { port1 } = new MessageChannel();

test('a durability that is none is refused by name, before anything is opened', () => {
  expect(() => serveHost({ workflows: [], durability: 'fast' as never }, port1, scope)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', details: { option: 'durability' } }),
  );
});
