import type { Queued } from './records.js';
import { isAdopted } from './refs.js';

interface CollectorArgs {
  readonly context: unknown;
  readonly event: unknown;
  readonly enqueue: (action: unknown) => void;
  readonly check: (guard: unknown) => boolean;
  readonly self: unknown;
  readonly system: unknown;
}
type Collect = (args: CollectorArgs, params: unknown) => void;

/** What `enqueueActions(…)` makes. */
interface Collector {
  collect: Collect;
}

/** How an action came to be queued: by which collector of a machine, and by what way from there. */
export interface Origin {
  readonly collector: object;
  /** Each with the context that its collector saw. */
  readonly way: readonly Queued[];
}

/** Of what was queued the last time it was; XState performs it before the next collector runs. */
const origins = new WeakMap<object, Origin>();
/** What collectors that are watched have been. */
const originals = new WeakMap<object, Collect>();

export function isCollector(action: unknown): action is Collector {
  return typeof action === 'function' && 'collect' in action && typeof action.collect === 'function';
}

/** Undefined for what was not queued by a collector that is watched. */
export function originOf(exec: unknown): Origin | undefined {
  return typeof exec === 'function' ? origins.get(exec) : undefined;
}

/** From now on notes what the collector queues for actors of the engine. It collects as before. */
export function watchCollector(collector: Collector): void {
  if (originals.has(collector)) return;
  const { collect } = collector;
  originals.set(collector, collect);
  collector.collect = (args, params) => {
    if (isAdopted(args.self)) collect(noting(collector, args, params), params);
    else collect(args, params);
  };
}

/** The arguments of a collector, by which all that it queues and asks is noted. */
function noting(collector: Collector, args: CollectorArgs, params: unknown): CollectorArgs {
  const above = origins.get(collector) ?? { collector, way: [] };
  const answers: boolean[] = [];
  let n = 0;
  const { enqueue, check, context } = args;
  const enqueueNoted = (action: unknown) => {
    const step: Queued = { n: n++, answers, context, ...(params === undefined ? {} : { params }) };
    if (typeof action === 'function') origins.set(action, { ...above, way: [...above.way, step] });
    if (isCollector(action)) watchCollector(action);
    enqueue(action);
  };
  const checkNoted = (guard: unknown) => {
    const answer = check(guard);
    answers.push(Boolean(answer));
    return answer;
  };
  return { ...args, enqueue: Object.assign(enqueueNoted, enqueue), check: checkNoted };
}

/** Lets collectors queue once more what they queued then; nothing of it is done. Undefined: it is not there. */
export function findQueued(
  collector: unknown,
  way: readonly Queued[],
  args: Pick<CollectorArgs, 'context' | 'event' | 'self' | 'system'>,
): unknown {
  let found = collector;
  for (const step of way) {
    if (!isCollector(found)) return undefined;
    found = collectAgain(found, step, args)[step.n];
  }
  return found;
}

function collectAgain(
  collector: Collector,
  { answers, params, ...step }: Queued,
  args: Pick<CollectorArgs, 'context' | 'event' | 'self' | 'system'>,
): unknown[] {
  const list: unknown[] = [];
  const left = [...answers];
  const enqueue = new Proxy((action: unknown) => void list.push(action), { get: () => () => {} });
  const context = 'context' in step ? step.context : args.context;
  const collect = originals.get(collector) ?? collector.collect;
  collect({ ...args, context, enqueue, check: () => left.shift() ?? false }, params);
  return list;
}
