import { encode } from '../codec/index.js';
import type { Outcome } from '../engine/index.js';
import type { HoldfastError } from '../errors/index.js';
import type { Clock } from '../host/ports.js';
import { type ExecutionOptions, StepsExecution, type Trace } from './execution.js';
import { never } from './never.js';
import { diverged } from './refusals.js';
import { afterAllElse } from './turn.js';

/** How a life of a step function ended. */
export type End = Outcome | { readonly next: unknown };

/** Turns of the event loop in which nothing happens, after which nothing more is expected to. */
const IDLE_TURNS = 50;

/**
 * Runs a step function that has ended again, against its journal and without performing anything.
 * @returns what it did otherwise, as `STEPS_DIVERGED`.
 */
export async function checkAgain(
  trace: Trace,
  end: End,
  options: Omit<ExecutionOptions, 'journal'>,
  clock: Clock,
): Promise<HoldfastError | undefined> {
  let again: End | undefined;
  let lost = false;
  const execution = new StepsExecution(
    { ...options, journal: trace.journal },
    {
      clock: { now: () => clock.now(), at: (at, wake) => (at > clock.now() ? () => {} : clock.at(at, wake)) },
      connectivity: { online: () => true, subscribe: () => () => {} },
      holds: () => true,
      services: {},
      valueLength: Infinity,
      steps: {},
      epoch: 0,
      begin: never,
      unpaused: async () => {},
      children: { start: never, outcome: never, cancel: never },
      around: never as never,
      record: never,
      transact: never,
      heartbeat: never,
      progress: () => {},
      emit: () => {},
      inboxTaken: never,
      calmed: () => {},
      undone: () => {},
      unfit: () => {
        lost = true;
      },
      settled: (outcome) => {
        again = outcome;
      },
      continued: (next) => {
        again = { next };
      },
    },
  );
  execution.start();
  for (let idle = 0; !again && !lost && idle < IDLE_TURNS; idle = execution.replaying ? 0 : idle + 1) {
    await new Promise<void>(afterAllElse);
  }
  execution.stop(new DOMException('The check is over.', 'AbortError'));
  const steps = differentSteps(trace, execution.trace, lost || again !== undefined);
  const other = again && !sameEnd(end, again) ? ['it comes to another end'] : [];
  const what = [...steps.map(({ what }) => what), ...other];
  if (what.length === 0) return undefined;
  return diverged(
    options.leaf.path,
    what,
    steps.map(({ step }) => step),
  );
}

/** @param ended whether it asked for all that it was to ask for. */
function differentSteps(first: Trace, again: Trace, ended: boolean): { step: string; what: string }[] {
  const differences: { step: string; what: string }[] = [];
  for (const [step, given] of again.asked) {
    const before = first.asked.get(step);
    if (before === undefined) differences.push({ step, what: `it asks for "${step}", which it had not` });
    else if (given > before) differences.push({ step, what: `it asks for "${step}" later than it had` });
  }
  for (const step of ended ? first.asked.keys() : []) {
    if (again.asked.has(step)) continue;
    const inBody = first.nested.has(step);
    const what = `it does not ask for "${step}"${inBody ? ', which was called in the body of another step' : ''}`;
    differences.push({ step, what });
  }
  return differences;
}

function sameEnd(first: End, again: End): boolean {
  try {
    return textOf(first) === textOf(again);
  } catch {
    // What can't be stored is refused elsewhere.
    return true;
  }
}

function textOf(end: End): string {
  if (!('error' in end)) return encode(end, 'end').text;
  const { name, message } = (end.error ?? {}) as Partial<Error>;
  return encode({ error: end.error instanceof Error ? [name, message] : end.error }, 'end').text;
}
