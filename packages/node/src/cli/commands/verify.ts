import { HoldfastError } from '@holdfast/core';
import { type Damage, type Verification, verifyStore } from '../../verify-store.js';
import type { Call } from '../call.js';
import { counted } from '../counted.js';
import { EXIT } from '../exit-codes.js';
import { toJson } from '../json.js';
import { assertStore } from '../store-at.js';
import { plain } from '../terminal.js';

/**
 * `holdfast verify`: tells all that is damaged, what a crash has left, and what there is.
 * @throws `STORE_DAMAGED`, `STORE_ABSENT`, `STORE_FORMAT`.
 */
export async function verify({ directory, terminal, json }: Call): Promise<number> {
  await assertStore(directory);
  const { damage, tail, strays, badIndexes, ...counts } = await verifyStore({ directory });
  if (json) {
    for (const place of damage) terminal.out(toJson({ kind: 'damage', ...place }));
    if (tail) terminal.out(toJson({ kind: 'tail', ...tail }));
    for (const file of strays) terminal.out(toJson({ kind: 'stray', file }));
    for (const file of badIndexes) terminal.out(toJson({ kind: 'bad-index', file }));
    terminal.out(toJson({ kind: 'verified', whole: damage.length === 0, ...counts }));
  } else {
    for (const place of damage) terminal.out(`Damaged: ${placeOf(place)}`);
    if (tail) terminal.out(`Unfinished end, will be left out: ${placeOf(tail)}`);
    for (const file of strays) terminal.out(`Not needed, will be removed: ${plain(file)}`);
    for (const file of badIndexes) terminal.out(`Not used, will be written anew: ${plain(file)}`);
    terminal.out(`${damage.length === 0 ? 'Whole' : 'Readable'}: ${textOf(counts)}.`);
  }
  const [first] = damage;
  if (first) throw damaged(first, damage.length);
  return EXIT.ok;
}

function placeOf({ file, offset, absent }: Damage): string {
  return absent ? `${plain(file)} is not there` : `${plain(file)} at byte ${offset}`;
}

function textOf(counts: Omit<Verification, 'damage' | 'tail' | 'strays' | 'badIndexes'>): string {
  const { runs, checkpoints, values, attachments, segments, bytes } = counts;
  const records = [
    counted(runs, 'run'),
    counted(checkpoints, 'checkpoint'),
    counted(values, 'value'),
    counted(attachments, 'attachment'),
  ];
  return `${records.join(', ')}, in ${counted(segments, 'segment')} of ${counted(bytes, 'byte')}`;
}

function damaged(first: Damage, places: number): HoldfastError {
  return new HoldfastError('STORE_DAMAGED', {
    message: `The store is damaged in ${places === 1 ? 'one place' : `${places} places`}: ${placeOf(first)}${places > 1 ? ', and others' : ''}.`,
    remedy: 'Put the directory back from a backup, or check the disk.',
    details: { file: first.file, offset: first.offset, places },
  });
}
