import { expect } from '@playwright/test';
import type { DemoServer } from './demo-server.js';
import type { ImportPage } from './import-page.js';

const PHOTOS = 12;
const NUMBERS = Array.from({ length: PHOTOS }, (_, index) => String(index + 1).padStart(2, '0'));

/** Steps that ask something of the server. */
const ASKING = [...NUMBERS.flatMap((number) => [`upload:${number}/original`, `upload:${number}/thumbnail`]), 'publish'];
/** Steps that need the worker alone. */
const LOCAL = [...NUMBERS.flatMap((number) => [`hash:${number}`, `thumbnail:${number}`]), 'keep'];

/** Waits until each of these steps has asked for the second time. Nothing may be released before. */
export async function untilAskedAgain(server: DemoServer, steps: readonly string[]): Promise<void> {
  const attempts = async () => {
    const { entries } = await server.ledger();
    return steps.map((step) => entries.filter((entry) => entry.step === step).map((entry) => entry.attempts));
  };
  await expect
    .poll(attempts, { message: 'in flight: asked again with the same key', timeout: 60_000 })
    .toEqual(steps.map(() => [2]));
}

/**
 * The verdict on an import that was interrupted, by the server's ledger, the app's own database and the run's history: the
 * album is complete, and in the database each of its rows once; every step was executed once, under one key; only the steps
 * in flight at an interruption asked once more for it.
 */
export async function expectSurvived(
  server: DemoServer,
  tab: ImportPage,
  inFlight: readonly string[],
  interruptions = 1,
): Promise<void> {
  await expectAlbum(server, tab);
  await expectLedger(server, inFlight, interruptions);
  await expectHistory(tab);
  expect(tab.complaints).toEqual([]);
}

async function expectAlbum(server: DemoServer, tab: ImportPage): Promise<void> {
  const id = await tab.albumId();
  const { photos, approvedBy } = await server.album(id);
  expect(approvedBy).toBe('Ann');
  expect(photos).toHaveLength(PHOTOS);
  const pictures = photos.flatMap(({ original, thumbnail }) => [original, thumbnail]);
  expect(new Set(pictures).size, 'originals and thumbnails, each its own').toBe(PHOTOS * 2);
  const kept = await tab.keptAlbum();
  expect(kept.albums).toEqual([{ id, approvedBy: 'Ann' }]);
  expect(kept.photos, 'rows of the album, each once').toEqual(photos.map((photo) => ({ ...photo, album: id })));
}

async function expectLedger(server: DemoServer, inFlight: readonly string[], interruptions: number): Promise<void> {
  const ledger = await server.ledger();
  expect(ledger.inFlight).toBe(0);
  const steps = ledger.entries.map(({ step }) => step);
  expect([...steps].sort(), 'every step under one key').toEqual([...ASKING].sort());
  for (const { step, attempts, executed, conflicting, failed } of ledger.entries) {
    expect({ step, executed, conflicting, failed }).toEqual({ step, executed: 1, conflicting: 0, failed: 0 });
    expect(attempts, `${step} asked`).toBeLessThanOrEqual(inFlight.includes(step) ? 1 + interruptions : 1);
  }
}

async function expectHistory(tab: ImportPage): Promise<void> {
  const completed = async () => {
    const steps = (await tab.checkpoints()).filter(({ kind, outcome }) => kind === 'step' && outcome === 'done');
    return steps.map(({ name }) => name).sort();
  };
  await expect.poll(completed, { message: 'every step completed once' }).toEqual([...LOCAL, ...ASKING].sort());
  const seqs = (await tab.checkpoints()).map(({ seq }) => seq);
  expect(seqs, 'gapless').toEqual(seqs.map((_, index) => index + (seqs[0] ?? 0)));
}
