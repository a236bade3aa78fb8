import { type Duration, toMs } from './duration.js';
import { refuseUnknown } from './options.js';

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
  refuseUnknown(retention, Object.keys(FOR_EVER), owner, 'retention');
  const kept = Object.entries(retention).filter(([, duration]) => duration !== undefined);
  const inMs = kept.map(([name, duration]) => [name, toMs(duration, `\`retention.${name}\` of ${owner}`)]);
  return { ...FOR_EVER, ...Object.fromEntries(inMs) };
}
