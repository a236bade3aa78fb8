import { type Duration, HoldfastError, told, toMs } from '@holdfast/core/client';
import type { FileStoreOptions } from './options.js';

/** Shorter than this, a busy event loop is taken for a dead one. */
const SHORTEST_MS = 100;

const WAYS = ['fail', 'wait', 'standby'] as const;

/**
 * How a store waits for its owner, as the options of `openHoldfast` say it.
 * @throws `OPTION_INVALID`.
 */
export function waitingOf(options: {
  readonly whenOwned: (typeof WAYS)[number] | undefined;
  readonly ownerTimeout: Duration | undefined;
}): Pick<FileStoreOptions, 'whenOwned' | 'ownerTimeoutMs'> {
  const { whenOwned = 'fail', ownerTimeout } = options;
  if (!WAYS.includes(whenOwned)) throw wrong('whenOwned', whenOwned, "It has to be 'fail', 'wait' or 'standby'.");
  const way = whenOwned === 'fail' ? 'fail' : 'wait';
  if (ownerTimeout === undefined) return { whenOwned: way };
  if (way === 'fail') throw wrong('ownerTimeout', ownerTimeout, "It needs whenOwned: 'wait' or 'standby'.");
  const ownerTimeoutMs = toMs(ownerTimeout, 'ownerTimeout');
  if (ownerTimeoutMs < SHORTEST_MS)
    throw wrong('ownerTimeout', ownerTimeout, `It has to be at least ${SHORTEST_MS} ms.`);
  return { whenOwned: way, ownerTimeoutMs };
}

function wrong(option: string, given: unknown, remedy: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `openHoldfast: ${option} is ${told(given)}.`,
    remedy,
    details: { option },
  });
}
