import { HoldfastError } from '../errors/index.js';
import { told } from './options.js';

/** A length of time: milliseconds, or a number with a unit, as in `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'3d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Milliseconds of a {@link Duration}.
 * @throws `OPTION_INVALID` when it is not one, or is negative; `name` says whose it is.
 */
export function toMs(duration: Duration, name: string): number {
  const match = typeof duration === 'string' ? /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) : undefined;
  const ms = match ? Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS] : duration;
  if (typeof ms === 'number' && Number.isFinite(ms) && ms >= 0) return ms;
  throw new HoldfastError('OPTION_INVALID', {
    message: `${name} is ${told(duration)}, which is not a duration.`,
    remedy: "Give milliseconds as a number, or a string like '30s', '5m' or '3d'.",
    details: { option: name },
  });
}
