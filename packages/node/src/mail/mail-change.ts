import type { Accepted, Attached, RunAddress, StoredValue } from '@holdfast/core/store';
import { inboxChange, startChange } from '../changes.js';
import type { Change } from '../log/owned-log.js';
import type { Mail } from './mail-file.js';

/** The stored input of a run. */
export type InputOf = (address: RunAddress) => Promise<StoredValue | undefined>;

/** What mail asks for, as a change of the log: its line names the mail. */
export function mailChange(
  { id, asked, attachments }: Mail,
  blobs: readonly Attached[],
  inputOf: InputOf,
): Change<Accepted> {
  const given = attachments.map((ref, at) => ({ id: ref.id, blob: blobs[at] as Attached }));
  const acceptance = { ...asked, attachments: given };
  const change = acceptance.kind === 'start' ? startChange(acceptance, inputOf) : inboxChange(acceptance);
  return {
    ...change,
    plan(stage, refs) {
      const entry = change.plan(stage, refs);
      return entry?.kind === 'start' || entry?.kind === 'inbox' ? { ...entry, mail: id } : entry;
    },
  };
}
