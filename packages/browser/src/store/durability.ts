import { oneOf } from '@holdfast/core/client';
import type { Durability } from '@holdfast/core/store';

/** What a transaction is that wants to be `wanted`, in a store of that level: never more. */
export function within(level: Durability, wanted: Durability): Durability {
  return level === 'strict' ? wanted : 'relaxed';
}

export const DURABILITY = oneOf('strict', 'relaxed');
