// XState without Holdfast, made durable by hand: the persisted snapshot is appended and synced before the next promise
// begins. No retries, no timers, no ownership, nothing checked on return.

import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { assign, createActor, fromPromise, setup } from 'xstate';
import { countSyncs, syncCount } from '../lib/syncs.mjs';

const LINE = Buffer.from(`${'x'.repeat(199)}\n`);

/** @type {(next: string) => any} XState's types don't follow a part of a machine that stands by itself */
const invoking = (next) => ({
  invoke: {
    src: 'count',
    input: ({ context }) => context.n,
    onDone: [
      { guard: ({ context }) => context.n + 1 >= context.steps, target: 'done' },
      { target: next, actions: assign({ n: ({ context }) => context.n + 1 }) },
    ],
  },
});

/** The yard-stick, with what it costs the processor: a wait for the thread pool is dear, whoever waits. */
export async function appends({ folder, steps, warmUp }) {
  await countSyncs(folder);
  const file = await open(join(folder, 'appended'), 'a');
  for (let n = 0; n < warmUp; n++) await append(file);
  const [before, cpu] = [syncCount(), process.cpuUsage()];
  const startedAt = performance.now();
  for (let n = 0; n < steps; n++) await append(file);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await file.close();
  return {
    'steps/s': steps / seconds,
    'syncs/step': (syncCount() - before) / steps,
    'cpu µs/step': (user + system) / steps,
  };
}

/** @param {import('node:fs/promises').FileHandle} file */
async function append(file) {
  await file.write(LINE);
  await file.datasync();
}

/** The machine of Holdfast's `sequential`, its promises kept back until what came before them is on the disk. */
export async function sequential({ folder, steps, warmUp }) {
  await countSyncs(folder);
  await once(join(folder, 'warm'), warmUp);
  const [before, cpu] = [syncCount(), process.cpuUsage()];
  const startedAt = performance.now();
  await once(join(folder, 'measured'), steps);
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    'steps/s': steps / seconds,
    'syncs/step': (syncCount() - before) / steps,
    'cpu µs/step': (user + system) / steps,
  };
}

async function once(path, steps) {
  const file = await open(path, 'a');
  let written = Promise.resolve();
  const count = fromPromise(async ({ input }) => {
    await written;
    return input;
  });
  const machine = setup({ actors: { count } }).createMachine({
    context: { n: 0, steps },
    initial: 'ping',
    states: { ping: invoking('pong'), pong: invoking('ping'), done: { type: 'final' } },
  });
  const actor = createActor(machine);
  const write = async () => {
    await file.write(`${JSON.stringify(actor.getPersistedSnapshot())}\n`);
    await file.datasync();
  };
  await /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      actor.subscribe({
        next: () => {
          written = write();
        },
        complete: () => resolve(),
      });
      actor.start();
    })
  );
  await written;
  await file.close();
}
