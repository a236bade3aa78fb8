import { defineWorkflow } from '../define/define-workflow.js';
import { fromSteps } from '../define/from-steps.js';
import type { StepsContext } from '../define/steps-logic.js';
import type { AnyWorkflow } from '../define/workflow.js';
import type { HostOptions } from '../host/options.js';
import type { FromStepWorker } from '../isolate/messages.js';
import type { StepWorker } from '../isolate/step-worker.js';
import { createInProcessStepWorker } from './in-process-step-worker.js';
import { aHoldfast } from './local.test-support.js';
import { ManualClock } from './manual-clock.js';

/** A step worker that a test has in its hands. */
export interface HeldWorker {
  readonly ended: boolean;
  /** From now on it neither takes nor tells anything, as one whose thread does not give way. */
  spin(): void;
  die(error?: unknown): void;
  /** Called with each message of it, before its host. */
  watch(listener: (message: FromStepWorker) => void): void;
}

/** Makes step workers, and keeps them. */
export class Workshop {
  readonly made: HeldWorker[] = [];
  readonly clock = new ManualClock();
  readonly #workflows: readonly AnyWorkflow[];
  /** Called with each worker before it is sent anything. */
  whenMade: (worker: HeldWorker) => void = () => {};

  constructor(workflows: readonly AnyWorkflow[]) {
    this.#workflows = workflows;
  }

  get newest(): HeldWorker {
    return this.made.at(-1) as HeldWorker;
  }

  /** How many have not been ended. */
  get atWork(): number {
    return this.made.filter(({ ended }) => !ended).length;
  }

  readonly make = (): StepWorker => {
    const inner = createInProcessStepWorker({ workflows: this.#workflows, clock: this.clock });
    let spins = false;
    let died: (error: unknown) => void = () => {};
    let watched: (message: FromStepWorker) => void = () => {};
    const held = {
      ended: false,
      spin: () => {
        spins = true;
      },
      die: (error: unknown = new Error('out of memory')) => {
        spins = true;
        died(error);
      },
      watch: (listener: (message: FromStepWorker) => void) => {
        watched = listener;
      },
    };
    this.made.push(held);
    return {
      listen: (listener) => {
        died = listener.died;
        inner.listen({
          ...listener,
          message: (message) => {
            watched(message);
            if (!spins) listener.message(message);
          },
        });
        this.whenMade(held);
      },
      post: (message) => spins || inner.post(message),
      terminate: () => {
        held.ended = true;
        inner.terminate();
      },
    };
  };
}

/** A holdfast with one isolated workflow, "w", and its step workers. */
export function isolated(
  body: (context: StepsContext<never>) => Promise<unknown>,
  options: Parameters<typeof aHoldfast>[1] & { workerHas?: readonly AnyWorkflow[] } = {},
) {
  const workflow = defineWorkflow({ id: 'w', version: 1, logic: fromSteps(body as never), isolate: true });
  const { workerHas = [workflow], ...rest } = options;
  const workshop = new Workshop(workerHas);
  const hostOptions: Partial<HostOptions> = { clock: workshop.clock, stepWorker: workshop.make, ...rest };
  return { workflow, workshop, ...aHoldfast([workflow], { ...rest, ...hostOptions }) };
}

export function endless<T>(): Promise<T> {
  return new Promise(() => {});
}
