import { checkOption, type Kind, refuseUnknown } from './options.js';

/** How much a run may hold. */
export interface Limits {
  /**
   * Length of the text that is stored of one value: of the input, an event, the result of a step, the details of a
   * heartbeat. In UTF-16 units, as `length` of a string; Blobs and Files are stored beside the text, and not counted. The
   * state of a run (contexts, inputs and outputs of its actors together) may be four times as long. Default 1,048,576.
   */
  readonly valueLength: number;
  /** Events of one run that are accepted and not yet taken. Default 10,000. */
  readonly inboxLength: number;
  /** Newest rows of its history that are kept, and up to a quarter more: older ones are removed. Default 10,000. */
  readonly historyLength: number;
}

/** So many values may the state of a run amount to: it holds the input, and more. */
export const VALUES_IN_A_STATE = 4;

export const DEFAULT_LIMITS: Limits = { valueLength: 1 << 20, inboxLength: 10_000, historyLength: 10_000 };

const LIMIT: Kind = [
  'a whole number from 1, or Infinity',
  (limit: unknown) => limit === Infinity || (Number.isInteger(limit) && Number(limit) >= 1),
];

/** `base`, with what `limits` says in its place. @throws `OPTION_INVALID`. */
export function withLimits(base: Limits, limits: Partial<Limits> | undefined, owner: string): Limits {
  if (limits === undefined) return base;
  refuseUnknown(limits, Object.keys(DEFAULT_LIMITS), owner, 'limits');
  const given = Object.entries(limits).filter(([, limit]) => limit !== undefined);
  for (const [name, limit] of given) checkOption(limit, LIMIT, `limits.${name}`, owner);
  return { ...base, ...Object.fromEntries(given) };
}
