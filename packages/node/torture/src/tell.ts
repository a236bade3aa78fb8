import { writeSync } from 'node:fs';
import type { Entry } from './ledger.js';

/** What a process tells beside entries. */
export type Note =
  | { readonly t: 'ready' }
  | { readonly t: 'released' }
  | { readonly t: 'over'; readonly code: string; readonly lost: boolean };

/** Writes a line to stdout; it is in the pipe when this returns. */
export function tell(note: Entry | Note): void {
  const line = Buffer.from(`${JSON.stringify(note)}\n`);
  for (let done = 0; done < line.length; ) {
    try {
      done += writeSync(1, line, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}
