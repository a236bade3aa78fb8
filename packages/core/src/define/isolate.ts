/**
 * Both sides of step workers: an isolated workflow brings them along, so a host without one has none of it in its bundle.
 * There is one, `inStepWorkers` of `@holdfast/core/isolate`; what it can do, `core/isolate` knows.
 */
export interface Isolate {
  readonly holdfast: 'isolate';
}

/** Whether it is what `isolate` may be. */
export function isIsolate(thing: unknown): thing is Isolate | false | undefined {
  return !thing ? thing === undefined || thing === false : (thing as Partial<Isolate>).holdfast === 'isolate';
}
