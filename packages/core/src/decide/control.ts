import { AttachmentBook, encode } from '../codec/index.js';
import { queuedRow } from '../records/records.js';
import type { Op } from '../store/store.js';
import type { Effects } from './arrivals.js';

/** What the body of a control row says. */
export type ControlBody = { readonly control: 'resume' } | EndingControl;

/** A control that ends the run there is. */
export type EndingControl =
  | { readonly control: 'delete' }
  /** The version is the newest of the host that accepted it, as with any new run. */
  | { readonly control: 'restart'; readonly input: unknown; readonly version: number };

/**
 * The one op that carries out a control which ends a run. It needs nothing of the run but its address, so a run that can't be taken up
 * can still be deleted or started anew.
 *
 * @param id of the control: it becomes the new run's key, so that a repeated call finds its own work done.
 */
export function decideControl(
  body: EndingControl,
  { workflow, run, id, now }: { workflow: string; run: string; id: string; now: number },
): { op: Op; gone: NonNullable<Effects['gone']> } {
  if (body.control === 'delete') return { op: { op: 'delete' }, gone: 'deleted' };
  const { value, fresh } = new AttachmentBook().toStored(encode(body.input, 'input'));
  const row = queuedRow({ workflow, run, key: id, version: body.version }, now);
  return { op: { op: 'restart', start: { kind: 'start', row, input: value, attachments: fresh } }, gone: 'restarted' };
}
