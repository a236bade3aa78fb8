import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { LOADS, NOTES, SAILS } from '../../pages/voyage/workflow.js';
import type { Ask } from '../step-ledger.js';
import { faultsOf } from './verdict.js';
import type { Interruption, Logbook } from './voyage.js';

const ASKING = [...LOADS, ...SAILS, ...NOTES.map((n) => `log:${n}`), 'land'];
const COMPLETED = [...ASKING, 'weigh', 'anchor', ...NOTES.map((n) => `note-${n}`)];
const WEIGHT = createHash('sha256')
  .update(Uint8Array.from({ length: 100_000 }, (_, at) => at % 251))
  .digest('hex');

const ask = (step: string, key = step): Ask => ({ step, key });

/** Of a voyage in which all is well. */
function aLogbook(change: Partial<Logbook> = {}): Logbook {
  const seqs = COMPLETED.map((_, at) => at + 1);
  return {
    interruptions: [],
    asks: ASKING.map((step) => ask(step)),
    output: { weight: WEIGHT, notes: [...NOTES] },
    completed: COMPLETED,
    seqs,
    epochs: seqs.map(() => 1),
    outOfCache: 0,
    ...change,
  };
}

/** Cut off `land`, the last request, which was made again while the page came back. */
function aCut(change: Partial<Interruption> = {}): Interruption {
  const place = { at: 'in', what: 'land' } as const;
  return { place, kind: 'reload', from: ASKING.length, to: ASKING.length + 1, seen: [], ...change };
}

const asksAgain = (step: string, key = step) => [...aLogbook().asks, ask(step, key)];

test('a whole voyage has no fault, with a step that was cut off and asked again too', () => {
  expect(faultsOf(aLogbook())).toEqual([]);
  expect(faultsOf(aLogbook({ asks: asksAgain('land'), interruptions: [aCut()], epochs: [1, 1, 2] }))).toEqual([]);
});

const bad: Record<string, [Partial<Logbook>, string]> = {
  'a step that was asked for twice without an interruption': [
    { asks: asksAgain('land') },
    `land was asked for again (request ${ASKING.length}), and nothing had cut it off`,
  ],
  'a step that was asked for more often than it was cut off': [
    { asks: [...asksAgain('land'), ask('land')], interruptions: [aCut({ to: ASKING.length + 2 })] },
    'land was asked for 3 times, over 1 interruptions',
  ],
  'a completed step that was asked for again': [
    { asks: asksAgain('land'), interruptions: [aCut({ seen: ['land'] })] },
    'land was completed, and was asked for again after "reload" (in land)',
  ],
  'a step under two keys': [{ asks: asksAgain('land', 'another key'), interruptions: [aCut()] }, 'land has 2 keys'],
  'a step that was never asked for': [{ asks: aLogbook().asks.slice(1) }, `${ASKING[0]} has 0 keys`],
  'a step that was completed twice': [
    { completed: [...COMPLETED, 'land'] },
    `completed: ${[...COMPLETED, 'land'].sort().join()}`,
  ],
  'a step whose completion is not in the history': [
    { completed: COMPLETED.slice(1) },
    `completed: ${COMPLETED.slice(1).sort().join()}`,
  ],
  'a gap in the history': [{ seqs: [1, 2, 4] }, 'the history has gaps: 1,2,4'],
  'a checkpoint that is there twice': [{ seqs: [1, 2, 2, 3] }, 'the history has gaps: 1,2,2,3'],
  'a commit of a stale epoch': [{ epochs: [1, 2, 1] }, 'a stale epoch has committed: 1,2,1'],
  'an accepted note that was lost': [{ output: { weight: WEIGHT, notes: [1, 3] } }, 'the notes are 1,3'],
  'a note that was taken twice': [{ output: { weight: WEIGHT, notes: [1, 2, 2, 3] } }, 'the notes are 1,2,2,3'],
  'notes in another order': [{ output: { weight: WEIGHT, notes: [2, 1, 3] } }, 'the notes are 2,1,3'],
  'a damaged Blob': [{ output: { weight: 'x', notes: [...NOTES] } }, `the cargo is x, not ${WEIGHT}`],
};

test.each(Object.entries(bad))('%s is refused', (_, [change, fault]) => {
  expect(faultsOf(aLogbook(change))).toContain(fault);
});
