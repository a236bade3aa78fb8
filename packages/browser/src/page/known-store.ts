import type { Incarnation } from '../wire/wire.js';

/**
 * Which database a page knew last, kept where it outlives the database: one that was deleted, or that the browser has
 * reset, is told from one that is used for the first time. Where a person clears all of a site's data, both are gone.
 *
 * Where nothing can be kept, only what is lost while a page is open is noticed.
 */
export function readKnown(name: string): Incarnation | undefined {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(keyOf(name)) ?? 'null');
    return isIncarnation(known) ? known : undefined;
  } catch {
    return undefined;
  }
}

export function noteKnown(name: string, { database, incarnation }: Incarnation): void {
  try {
    localStorage.setItem(keyOf(name), JSON.stringify({ database, incarnation }));
  } catch {
    // As above.
  }
}

function keyOf(name: string): string {
  return `holdfast:store:${name}`;
}

function isIncarnation(known: unknown): known is Incarnation {
  const { database, incarnation } = (known ?? {}) as Partial<Incarnation>;
  return typeof database === 'string' && typeof incarnation === 'string';
}
