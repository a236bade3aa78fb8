import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { encode } from '../codec/index.js';
import { defineWorkflow } from '../define/define-workflow.js';
import { CrashWorld } from '../testing/crash-world.test-support.js';

/** The actions of a run's last transition are as good as any other: a crash must not lose them. */
async function endWithACrash() {
  const performed: string[] = [];
  const end = { type: 'final' as const, entry: () => void performed.push('last') };
  const machine = setup({}).createMachine({
    initial: 'on',
    states: { on: { on: { END: 'end' } }, end },
  });
  const world = new CrashWorld([defineWorkflow({ id: 'w', version: 1, logic: machine })]);
  const first = world.boot();
  const input = encode(undefined, 'input');
  await first.host.start({ workflow: 'w', run: 'r', callId: 'c', ifExists: 'join', input });
  await world.settle();
  await first.kill();
  await first.host.close();
  // Its writes: the event is accepted, and taken.
  const second = world.boot({ crash: { write: 2, when: 'after' } });
  await second.host.send({
    workflow: 'w',
    run: 'r',
    id: 'e',
    until: 'accepted',
    event: encode({ type: 'END' }, 'event'),
  });
  await world.settle();
  return { world, performed, second };
}

test('actions of the transition that ends a run are performed after a crash, and then it is closed', async () => {
  const { world, performed, second } = await endWithACrash();
  expect([second.dead, performed]).toEqual([true, []]);
  expect(world.head('w', 'r')).toMatchObject({ status: 'running' });
  world.boot();
  await world.settle();
  expect(performed).toEqual(['last']);
  expect(world.head('w', 'r')).toMatchObject({ status: 'done', closedAt: world.clock.now() });
  world.boot();
  await world.settle();
  expect(performed).toEqual(['last']);
});
