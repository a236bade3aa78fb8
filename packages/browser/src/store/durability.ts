import { HoldfastError } from '@holdfast/core';
import type { Durability } from '@holdfast/core/store';

/** What a transaction is that wants to be `wanted`, in a store of that level: never more. */
export function within(level: Durability, wanted: Durability): Durability {
  return level === 'strict' ? wanted : 'relaxed';
}

/** @throws `OPTION_INVALID` for what is no level. */
export function toDurability(value: unknown): Durability {
  if (value === 'strict' || value === 'relaxed') return value;
  throw new HoldfastError('OPTION_INVALID', {
    message: `durability is ${typeof value === 'string' ? `"${value}"` : String(value)}. It has to be 'strict' or 'relaxed'.`,
    details: { option: 'durability', value: String(value) },
  });
}
