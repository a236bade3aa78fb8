import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { type ServedPages, servePages } from '../support/pages.js';
import { type CutOutcome, cutPower } from '../support/power-cut/cuts.js';

const LONG = process.env.HOLDFAST_E2E_LONG === '1';
const SEED = Number(process.env.HOLDFAST_SEED ?? (LONG ? Date.now() % 1_000_000 : 1));

let pages: ServedPages;
let folder: string;
test.beforeAll(async () => {
  pages = await servePages('power-cut');
});
test.afterAll(() => pages?.close());
test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-power-cut-'));
});
test.afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function outcomeOf(durability: 'strict' | 'relaxed', cuts: number): Promise<CutOutcome> {
  test.setTimeout(60_000 + cuts * 60_000);
  const outcome = await cutPower({ url: pages.url, durability, cuts, seed: SEED, folder });
  test.skip(typeof outcome === 'string', `There is no image to be mounted here: ${outcome}`);
  const { told, losses, lossy, epochs } = outcome as CutOutcome;
  const lost = `${losses.length} lost in ${lossy} of them, ${epochs.length} epochs given again`;
  console.log(`${durability}, seed ${SEED}: ${cuts} power cuts, ${told} told, ${lost}`);
  return outcome as CutOutcome;
}

test('after a power cut everything is there that was accepted, or seen', async () => {
  const { losses, epochs, faults } = await outcomeOf('strict', LONG ? 20 : 2);
  const [found, none] = [
    { losses, epochs, faults },
    { losses: [], epochs: [], faults: [] },
  ];
  expect(found, `again: HOLDFAST_SEED=${SEED}`).toEqual(none);
});

if (LONG)
  test('what a power cut costs a relaxed host leaves the store whole', async () => {
    const { faults } = await outcomeOf('relaxed', 20);
    expect(faults, `again: HOLDFAST_SEED=${SEED}`).toEqual([]);
  });
