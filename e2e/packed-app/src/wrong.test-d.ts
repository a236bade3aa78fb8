import { createHoldfast } from '@holdfast/browser';
import type { App } from './worker';

declare const makeWorker: () => Worker;

/** What the published types must refuse. Compiled, never run. */
export async function refused() {
  const holdfast = createHoldfast<App>(makeWorker);
  // @ts-expect-error there is no workflow of that id
  holdfast.run('reports', 'weekly');
  // @ts-expect-error the input lacks its ledger
  await holdfast.start('report', { input: {} });
  // @ts-expect-error the machine has no such event
  await holdfast.run('report', 'weekly').send({ type: 'REJECT' });
  // @ts-expect-error APPROVE says by whom
  await holdfast.run('report', 'weekly').send({ type: 'APPROVE' });
  const { notice } = await holdfast.run('report', 'weekly').result();
  // @ts-expect-error the output is inferred: notice is a string
  const wrong: number = notice;
  return wrong;
}
