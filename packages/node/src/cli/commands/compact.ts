import { compactStore } from '../../compact-store.js';
import type { Call } from '../call.js';
import { EXIT } from '../exit-codes.js';
import { toJson } from '../json.js';
import { assertStore } from '../store-at.js';

/**
 * `holdfast compact`: gives back all space that the store does not need.
 * @throws `STORE_ABSENT`, `STORE_OWNED`, `STORE_DAMAGED`, store codes.
 */
export async function compact({ directory, terminal, json }: Call): Promise<number> {
  await assertStore(directory);
  const compacted = await compactStore({ directory });
  const { before, after } = compacted;
  terminal.out(json ? toJson({ kind: 'compacted', ...compacted }) : `Compacted: ${before} bytes before, ${after} now.`);
  return EXIT.ok;
}
