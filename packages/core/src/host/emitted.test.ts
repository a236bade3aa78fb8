import { expect, test } from 'vitest';
import { emit, setup } from 'xstate';
import { defineWorkflow } from '../define/define-workflow.js';
import { createMemoryDatabase } from '../store/memory-store.js';
import { aHoldfast, settled } from '../testing/local.test-support.js';
import type { Emission, Relay } from './ports.js';

const bell = defineWorkflow({
  id: 'bell',
  version: 1,
  logic: setup({ types: { events: {} as { type: 'RING' }, emitted: {} as { type: 'RANG' } } }).createMachine({
    on: { RING: { actions: emit({ type: 'RANG' }) } },
  }),
});

/** Relays that hear each other, as channels of one name do. */
function aWire() {
  const listeners = new Map<Relay, (emission: Emission) => void>();
  const told: Emission[] = [];
  const closed: Relay[] = [];
  const relay = (): Relay => {
    const self: Relay = {
      tell(emission) {
        told.push(emission);
        for (const [other, listener] of listeners) if (other !== self) listener(emission);
      },
      listen(listener) {
        listeners.set(self, listener);
        return () => listeners.delete(self);
      },
      close: () => void closed.push(self),
    };
    return self;
  };
  return { relay, told, closed, listeners };
}

test('what a run emits is heard at the other hosts of its store, once', async () => {
  const [database, wire] = [createMemoryDatabase(), aWire()];
  const hosts = [0, 1, 2].map(() => aHoldfast([bell], { database, relay: wire.relay() }));
  const heard = hosts.map(({ holdfast }) => {
    const events: string[] = [];
    holdfast.run('bell', '1').on('*', ({ type }) => events.push(type));
    holdfast.run('bell', '2').on('*', ({ type }) => events.push(`another's ${type}`));
    return events;
  });
  const run = await (hosts[2] as (typeof hosts)[number]).holdfast.start('bell', { id: '1' });
  await settled();
  await run.send({ type: 'RING' });
  await settled();
  expect(heard).toEqual([['RANG'], ['RANG'], ['RANG']]);
  // Nobody passes on what was told.
  expect(wire.told).toHaveLength(1);
  for (const { holdfast } of hosts) await holdfast.close();
  expect([wire.listeners.size, wire.closed.length]).toEqual([0, 3]);
});
