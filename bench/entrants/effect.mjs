// Effect workflow: a cluster of one node on SQLite (`better-sqlite3`).

import { join } from 'node:path';
import { ClusterWorkflowEngine, SingleRunner } from '@effect/cluster';
import { SqliteClient } from '@effect/sql-sqlite-node';
import { Activity, Workflow } from '@effect/workflow';
import { Effect, Layer, Logger, LogLevel, ManagedRuntime, Schema } from 'effect';
import { numbers } from '../lib/yardstick.mjs';

const InARow = Workflow.make({
  name: 'function',
  success: Schema.Number,
  payload: { id: Schema.String, steps: Schema.Number },
  idempotencyKey: ({ id }) => String(id),
});

const inARow = InARow.toLayer(
  Effect.fn(function* ({ steps }) {
    const startedAt = performance.now();
    for (let n = 0; n < steps; n++) {
      yield* Activity.make({ name: `step ${n}`, success: Schema.Number, execute: Effect.succeed(n) });
    }
    return performance.now() - startedAt;
  }),
);

export async function sequential({ folder, steps, warmUp }) {
  const { play, end } = begin(folder);
  await play('warm', warmUp);
  const ms = await play('measured', steps);
  await end();
  return { 'steps/s': (steps / ms) * 1000 };
}

export async function runs({ folder, count, warmUp }) {
  const { play, end } = begin(folder);
  await Promise.all(numbers(warmUp).map((n) => play(`warm ${n}`, 5)));
  const startedAt = performance.now();
  await Promise.all(numbers(count).map((n) => play(`measured ${n}`, 5)));
  const seconds = (performance.now() - startedAt) / 1000;
  await end();
  return { 'runs/s': count / seconds };
}

function begin(folder) {
  const engine = ClusterWorkflowEngine.layer.pipe(
    Layer.provideMerge(SingleRunner.layer()),
    Layer.provideMerge(SqliteClient.layer({ filename: join(folder, 'effect.db') })),
  );
  const layer = inARow.pipe(Layer.provideMerge(engine), Layer.provide(Logger.minimumLogLevel(LogLevel.Error)));
  const runtime = ManagedRuntime.make(layer);
  return {
    play: (id, steps) => runtime.runPromise(InARow.execute({ id, steps })),
    end: () => runtime.dispose(),
  };
}
