import { createHoldfast } from '@holdfast/browser';
import { useSelector } from '@xstate/react';
import type { App } from './worker';

const holdfast = createHoldfast<App>(() => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));

const { searchParams } = new URL(location.href);
const ledger = searchParams.get('ledger') ?? '';
const run = holdfast.run('report', searchParams.get('run') ?? 'weekly');

export function Report() {
  const status = useSelector(run, (snapshot) => snapshot.run.status);
  const value = useSelector(run, (snapshot) => snapshot.value);
  const progress = useSelector(run, (snapshot) => snapshot.progress);
  const notice = useSelector(run, (snapshot) => snapshot.output?.notice);
  const reviewing = useSelector(run, (snapshot) => snapshot.matches('reviewing'));
  const start = () => holdfast.start('report', { id: run.id, input: { ledger } });

  return (
    <main>
      <p data-testid="status">{status}</p>
      <p data-testid="value">{JSON.stringify(value) ?? 'none'}</p>
      <p data-testid="progress">{progress ? `${progress.done} of ${progress.total}` : 'none'}</p>
      <p data-testid="notice">{notice ?? 'none'}</p>
      <button type="button" onClick={start} disabled={status !== 'absent'}>
        Start
      </button>
      <button type="button" onClick={() => run.send({ type: 'APPROVE', by: 'ann' })} disabled={!reviewing}>
        Approve
      </button>
    </main>
  );
}
