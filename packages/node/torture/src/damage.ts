import { isDeepStrictEqual } from 'node:util';
import { isHoldfastError } from '@holdfast/core';
import type { Store } from '@holdfast/core/store';
import { audit, fits, see } from './audit.js';
import { Chance } from './chance.js';
import { Disk } from './disk.js';
import { survivors } from './disk-image.js';
import type { Ledger } from './ledger.js';
import { historyRow } from './records.js';
import { type Extent, type Outcome, seeded, type TortureTest } from './report.js';
import type { RunState } from './run-state.js';
import { DIRECTORY, openOn } from './stores.js';
import { record } from './sweep.js';

const MOST_PROBLEMS = 5;
const NEWLINE = 0x0a;
/** At one of so many places a process that does not own the store reads it too. */
const READERS = 3;
const BITS_STRIDE = { short: 251, long: 1 };
const CUT_STRIDE = { short: 41, long: 1 };

/**
 * How a damaged directory was read. `lost`: with less than there was, and nobody was told. Of a file cut between two lines
 * nothing tells that there were more; but that its owner did not end in good order.
 */
type Reading = 'right' | 'refused' | 'cut and reported' | 'cut between lines' | 'lost' | 'wrong';

/** The files of a store, and what they hold. */
interface Specimen {
  readonly name: string;
  readonly files: ReadonlyMap<string, Buffer>;
  readonly ledger: Ledger;
}

type Harm = (bytes: Buffer, at: number) => Buffer;

export const flip: Harm = (bytes, at) => {
  const copy = Buffer.from(bytes);
  copy[at >> 3] = (copy[at >> 3] as number) ^ (1 << (at & 7));
  return copy;
};
export const cut: Harm = (bytes, at) => bytes.subarray(0, at);

export function damageTests(extent: Extent): TortureTest[] {
  const length = extent.short ? 'short' : 'long';
  return seeded(extent, { short: 1, long: 1 }, (seed) => [
    { name: 'every bit flipped', seed, run: () => harmAll(seed, flip, { places: 8, stride: BITS_STRIDE[length] }) },
    { name: 'cut at every byte', seed, run: () => harmAll(seed, cut, { places: 1, stride: CUT_STRIDE[length] }) },
  ]).flat();
}

/** Does `harm` at one of `stride` places of every file; `places` a byte. */
export async function harmAll(
  seed: number,
  harm: Harm,
  { places, stride, most = MOST_PROBLEMS }: { places: number; stride: number; most?: number },
): Promise<Outcome> {
  const counts: Record<string, number> = { harmed: 0 };
  const problems: string[] = [];
  const count = (reading: string) => {
    counts[reading] = (counts[reading] ?? 0) + 1;
  };
  for (const { name, files, ledger } of await specimens(seed)) {
    for (const [path, bytes] of files) {
      for (let at = stride >> 1; at < bytes.length * places; at += stride) {
        counts.harmed = (counts.harmed ?? 0) + 1;
        const harmed = new Map([...files, [path, harm(bytes, at)]]);
        const owner = await readAsOwner(harmed, ledger);
        const between = harm === cut && bytes[at - 1] === NEWLINE && owner.afterCrash;
        if (owner.reading === 'lost' && between) owner.reading = 'cut between lines';
        // Of a store that was closed all is known to be synced, but for its last line.
        if (owner.reading === 'cut and reported' && name === 'closed' && harm === flip && at >> 3 < lastLineOf(bytes)) {
          owner.reading = 'lost';
        }
        count(owner.reading);
        const reader = at % READERS === 0 ? await readAlone(harmed, ledger) : undefined;
        if (reader) count(`to a reader ${reader.reading}`);
        const where = `${name}, ${path} at ${at} of ${bytes.length * places}`;
        if (['lost', 'wrong'].includes(owner.reading)) problems.push(`${where}: read by an owner: ${owner.why}`);
        // A reader is shown what is known to be safe, which may be less.
        if (reader?.reading === 'wrong') problems.push(`${where}: by a reader: ${reader.why}`);
        if (problems.length >= most) return { counts, problems };
      }
    }
  }
  return { counts, problems };
}

/** Where the last line begins. */
function lastLineOf(bytes: Buffer): number {
  return bytes.lastIndexOf(NEWLINE, -2) + 1;
}

/** One that was closed in good order, one that was left in the middle of its work. */
async function specimens(seed: number): Promise<Specimen[]> {
  const { moments, disk, ledger } = await record({ seed: `damage ${seed}`, runs: 2, steps: 4 });
  const left = moments.filter(({ what }) => /^append .*\.log$/.test(what)).at(-2) ?? moments[moments.length >> 1];
  if (!left) throw new Error('nothing was recorded');
  const files = survivors({ ...left.image }, 'everything', new Chance(seed));
  return [
    { name: 'closed', files: disk.files(), ledger },
    { name: 'not closed', files, ledger: left.ledger },
  ];
}

async function readAsOwner(files: ReadonlyMap<string, Buffer>, ledger: Ledger) {
  let [reports, afterCrash] = [0, false];
  const store = await openOn(diskWith(files), 50, { onReport: ({ code }) => void (code === 'TAIL_CUT' && reports++) });
  const begin = async () => {
    ({ afterCrash } = await store.acquire());
  };
  const answer = await read(store, ledger, begin, () => reports > 0);
  return { ...answer, afterCrash };
}

async function readAlone(
  files: ReadonlyMap<string, Buffer>,
  ledger: Ledger,
): Promise<{ reading: Reading; why: string }> {
  const store = await openOn(diskWith(files), 50);
  return read(store, ledger, undefined, () => false);
}

function diskWith(files: ReadonlyMap<string, Buffer>): Disk {
  return Disk.of(files, [DIRECTORY, `${DIRECTORY}/attachments`]);
}

async function read(store: Store, ledger: Ledger, begin: (() => Promise<void>) | undefined, reported: () => boolean) {
  const answer = (reading: Reading, why = '') => ({ reading, why });
  try {
    await begin?.();
    const { problems } = await audit(store, ledger);
    if (problems.length === 0) return answer('right');
    if (!(await isEarlier(store, ledger, begin === undefined))) return answer('wrong', problems[0]);
    return reported() ? answer('cut and reported') : answer('lost', problems[0]);
  } catch (error) {
    return isHoldfastError(error) ? answer('refused') : answer('wrong', String(error));
  } finally {
    await store.close().catch(() => undefined);
  }
}

/** Whether every run is as it once was; to a reader two calls may show two instants. */
async function isEarlier(store: Store, ledger: Ledger, isReader: boolean): Promise<boolean> {
  for (const [run, runLedger] of ledger.runs) {
    const seen = await see(store, run);
    const states = [...runLedger.past, ...runLedger.possible].map(({ state }) => state);
    const history = ({ history }: RunState) => (isReader ? history.map(historyRow) : seen.history);
    if (!states.some((state) => fits(run, state, runLedger, { ...seen, history: history(state) }, true))) return false;
    if (!states.some((state) => isDeepStrictEqual(state.history.map(historyRow), seen.history))) return false;
  }
  return true;
}
