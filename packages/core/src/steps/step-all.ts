import { refuseUnknown, told } from '../define/options.js';
import type {
  AnyServices,
  ItemUndo,
  StepAllOptions,
  StepBody,
  StepContext,
  UndoableOptions,
} from '../define/steps-logic.js';
import type { Progress } from '../records/records.js';
import { isName } from './name.js';
import { misused, tooManyFailed } from './refusals.js';
import { STEP_OPTIONS } from './retry.js';

const OPTIONS = [...STEP_OPTIONS, 'name', 'key', 'concurrency', 'minSuccessful'];

/** What `step.all` needs of the execution that it is part of. */
export interface StepAllPorts {
  isCompleted(step: string): boolean;
  standIn(name: string): AnyServices[string] | undefined;
  step<T>(name: string, options: UndoableOptions<T>, body: StepBody<T>, progress: () => Progress): Promise<T>;
}

type ItemBody<TItem, T> = (item: TItem, context: StepContext, index: number) => T | PromiseLike<T>;

/** A step for each item, in lanes. With `minSuccessful`, failures are results as well, until there are too many. */
export async function stepAll<TItem, T>(
  ports: StepAllPorts,
  items: readonly TItem[],
  options: StepAllOptions<TItem> & ItemUndo<TItem, T> & { minSuccessful?: number },
  body: ItemBody<TItem, T>,
): Promise<T[] | PromiseSettledResult<T>[]> {
  check(items, options, body);
  const {
    name,
    key = (_: TItem, index: number) => index,
    concurrency = Infinity,
    minSuccessful,
    undo,
    ...rest
  } = options;
  const perform = (ports.standIn(name) ?? body) as ItemBody<TItem, T>;
  const names = items.map((item, index) => `${name}:${key(item, index)}`);
  let done = names.filter((step) => ports.isCompleted(step)).length;
  const progress = () => ({ done: ++done, total: items.length });
  const results: unknown[] = new Array(items.length);
  let next = 0;
  let failures = 0;
  let over = false;
  const perItem = async (index: number): Promise<unknown> => {
    const run = (context: StepContext) => perform(items[index] as TItem, context, index);
    const own: UndoableOptions<T> = undo
      ? { ...rest, undo: (context) => undo(items[index] as TItem, context, index) }
      : rest;
    const value = ports.step(names[index] as string, own, run, progress);
    if (minSuccessful === undefined) return value;
    return value.then(
      (value) => ({ status: 'fulfilled', value }),
      (reason) => {
        if (items.length - ++failures < minSuccessful)
          throw tooManyFailed(name, failures, items.length, minSuccessful, reason);
        return { status: 'rejected', reason };
      },
    );
  };
  const lane = async () => {
    while (next < items.length && !over) {
      const index = next++;
      results[index] = await perItem(index);
    }
  };
  const lanes = Array.from({ length: Math.min(concurrency, items.length) }, () =>
    lane().catch((error) => {
      over = true;
      throw error;
    }),
  );
  await Promise.all(lanes);
  return results as T[];
}

function check<TItem>(
  items: readonly TItem[],
  options: StepAllOptions<TItem> & { minSuccessful?: number; undo?: unknown },
  body: unknown,
): void {
  refuseUnknown(options, OPTIONS, 'step.all');
  const { name, key, concurrency = Infinity, minSuccessful = 0, undo } = options;
  if (!isName(name)) throw misused('step.all needs a name, a string of whole characters that is not empty.');
  if (!Array.isArray(items)) throw misused(`step.all "${name}" needs an array of items.`);
  if (typeof body !== 'function') throw misused(`step.all "${name}" has no function as its last argument.`);
  for (const made of [key, undo])
    if (made !== undefined && typeof made !== 'function')
      throw misused(`step.all "${name}" has a \`key\` or an \`undo\` that is no function.`);
  if (!(concurrency === Infinity || (Number.isInteger(concurrency) && concurrency >= 1))) {
    throw misused(`concurrency of step.all "${name}" is ${told(concurrency)}; it has to be a whole number from 1.`);
  }
  if (!Number.isInteger(minSuccessful) || minSuccessful < 0 || minSuccessful > items.length) {
    throw misused(
      `minSuccessful of step.all "${name}" is ${told(minSuccessful)}; it has to be a whole number from 0 to ${items.length}, the number of items.`,
    );
  }
}
