import { HoldfastError } from '../errors/index.js';
import { type Duration, toMs } from './duration.js';

/** How long runs are kept after they have ended, by how they ended; what is left out is kept for ever. */
export interface Retention {
  readonly done?: Duration;
  readonly failed?: Duration;
  readonly cancelled?: Duration;
  /**
   * How long the id of a run that was removed is remembered after that, so that a late repetition of its start is not
   * taken for a new run (`RUN_PRUNED`). Default: for ever.
   */
  readonly ids?: Duration;
}

/** {@link Retention} in ms. */
export type KeptMs = Readonly<Record<keyof Retention, number>>;

const FOR_EVER: KeptMs = { done: Infinity, failed: Infinity, cancelled: Infinity, ids: Infinity };

/**
 * @param retention one duration stands for runs of every end.
 * @param owner whose option it is.
 * @throws `OPTION_INVALID`.
 */
export function toKeptMs(retention: unknown, owner: string): KeptMs {
  if (retention === undefined) return FOR_EVER;
  if (typeof retention !== 'object' || retention === null) {
    const ms = toMs(retention as Duration, `\`retention\` of ${owner}`);
    return { done: ms, failed: ms, cancelled: ms, ids: Infinity };
  }
  const kept = Object.entries(retention).filter(([, duration]) => duration !== undefined);
  for (const [name] of kept) if (!Object.hasOwn(FOR_EVER, name)) throw unknownEnd(name, owner);
  const inMs = kept.map(([name, duration]) => [name, toMs(duration, `\`retention.${name}\` of ${owner}`)]);
  return { ...FOR_EVER, ...Object.fromEntries(inMs) };
}

function unknownEnd(name: string, owner: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `\`retention\` of ${owner} has no "${name}".`,
    remedy: "It takes a duration, or { done, failed, cancelled, ids } with a duration each, as in '30d'.",
    details: { option: 'retention' },
  });
}
