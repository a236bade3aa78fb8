import { type ErrorCode, isHoldfastError } from '../../errors/index.js';

/** Throws unless `actual` and `expected` are the same plain data (Maps, Sets and class instances are not looked into). */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [print(actual), print(expected)];
  if (is !== should) throw new Error(`${what}: expected ${should}, got ${is}`);
}

/** Throws unless `condition` holds. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`${what}: does not hold`);
}

/** Throws unless `call` rejects with a HoldfastError of this code. */
export async function refuses(call: Promise<unknown>, code: ErrorCode, what: string): Promise<void> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome)) throw new Error(`${what}: expected ${code}, but it resolved`);
  if (!isHoldfastError(outcome.error, code)) {
    throw new Error(`${what}: expected ${code}, got ${String(outcome.error)}`, { cause: outcome.error });
  }
}

/** JSON with sorted keys, so that two records that are equal print alike. */
function print(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isPlain(part) ? sorted(part) : part)) ?? 'undefined';
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
