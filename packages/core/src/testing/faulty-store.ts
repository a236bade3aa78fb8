import { checkOption, checkOptions, from, type Kind, type Kinds, MS, oneOf } from '../define/options.js';
import { HoldfastError } from '../errors/index.js';
import { HOST_KINDS } from '../host/options.js';
import type { Clock } from '../host/ports.js';
import type { Store } from '../store/store.js';

const STORE = HOST_KINDS.store as Kind;
const CLOCK = HOST_KINDS.clock as Kind;
const OPERATIONS = ['acquire', 'commit', 'accept', 'load', 'head', 'list', 'inbox', 'history'] as const;

/** An operation of a store that can be made to go wrong. */
export type StoreOperation = (typeof OPERATIONS)[number];

/** What goes wrong with one operation. */
export interface Fault {
  /** Default: any. */
  readonly operation?: StoreOperation;
  /** Which of them, from 1 on. */
  readonly nth: number;
  /**
   * `fail`: it does not take place, and rejects with `error`. `lose`: it takes place, but its answer is lost: it rejects
   * with `error`. `hang`: it takes place, and never answers. `delay`: it takes place `ms` later.
   */
  readonly how: 'fail' | 'lose' | 'hang' | 'delay';
  /** Default: a `STORE_FAILED` that may be tried again. */
  readonly error?: unknown;
  /** For `delay`. */
  readonly ms?: number;
}

const FAULT: Kinds<Fault> = {
  operation: oneOf(...OPERATIONS),
  nth: from(1),
  how: oneOf('fail', 'lose', 'hang', 'delay'),
  error: null,
  ms: MS,
};

export interface FaultyStore extends Store {
  /** Operations asked for so far, in order. */
  readonly operations: readonly StoreOperation[];
}

/**
 * A store in front of another, whose nth operation goes wrong in a chosen way.
 *
 * @param options.clock what a delay is measured by; needed for `delay` alone.
 * @throws `OPTION_INVALID`.
 *
 * @example
 * const store = faultyStore(createMemoryStore(), [{ operation: 'commit', nth: 3, how: 'lose' }]);
 */
export function faultyStore(inner: Store, faults: readonly Fault[], options: { clock?: Clock } = {}): FaultyStore {
  checkOption(inner, STORE, 'inner', 'faultyStore');
  checkOption(faults, ['an array of faults', Array.isArray], 'faults', 'faultyStore');
  checkOptions(options, 'faultyStore', { clock: CLOCK });
  for (const fault of faults) check(fault, options.clock);
  const operations: StoreOperation[] = [];
  const faultOf = (operation: StoreOperation) => {
    operations.push(operation);
    const same = operations.filter((other) => other === operation).length;
    return faults.find((fault) =>
      fault.operation === undefined
        ? fault.nth === operations.length
        : fault.operation === operation && fault.nth === same,
    );
  };
  const wrapped = Object.fromEntries(
    OPERATIONS.map((operation) => {
      const work = inner[operation] as (...args: never[]) => Promise<unknown>;
      return [
        operation,
        (...args: never[]) => suffer(faultOf(operation), () => work(...args), operation, options.clock),
      ];
    }),
  ) as Pick<Store, StoreOperation>;
  return { ...inner, ...wrapped, operations };
}

async function suffer(
  fault: Fault | undefined,
  work: () => Promise<unknown>,
  operation: StoreOperation,
  clock: Clock | undefined,
): Promise<unknown> {
  if (!fault) return work();
  const { how, nth, ms = 0, error = failed(operation, nth) } = fault;
  if (how === 'fail') throw error;
  if (how === 'delay' && clock) await new Promise<void>((resolve) => clock.at(clock.now() + ms, resolve));
  const result = await work();
  if (how === 'lose') throw error;
  return how === 'hang' ? new Promise(() => {}) : result;
}

function failed(operation: StoreOperation, nth: number): HoldfastError {
  return new HoldfastError('STORE_FAILED', {
    message: `The faulty store let ${operation} fail (fault ${nth}).`,
    retryable: true,
  });
}

function check(fault: Fault, clock: Clock | undefined): void {
  checkOptions(fault, 'a fault of faultyStore', FAULT, 'nth', 'how');
  if (fault.how !== 'delay') return;
  checkOption(clock, CLOCK, 'clock', 'faultyStore with a delay');
  checkOption(fault.ms, MS, 'ms', 'a fault of faultyStore');
}
