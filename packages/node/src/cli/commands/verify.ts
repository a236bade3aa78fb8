import type { Call } from '../call.js';
import { EXIT } from '../exit-codes.js';
import { toJson } from '../json.js';
import { withStore } from '../store-at.js';
import { verifyAll } from '../store-care.js';

/** `holdfast verify`. What is damaged is thrown, with file and offset. */
export function verify({ directory, terminal, json }: Call): Promise<number> {
  return withStore(directory, async (store) => {
    const verified = await verifyAll(store);
    const { runs, checkpoints, values, attachments } = verified;
    const counts = `${runs} runs, ${checkpoints} checkpoints, ${values} values, ${attachments} attachments`;
    terminal.out(json ? toJson({ kind: 'verified', ...verified }) : `Whole: ${counts}.`);
    return EXIT.ok;
  });
}
