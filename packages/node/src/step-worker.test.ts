import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineWorkflow, fromSteps } from '@holdfast/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHoldfast, serveSteps } from './index.js';

const SPINNER = fileURLToPath(new URL('../test-programs/spinner.mjs', import.meta.url));

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
});
afterEach(() => rm(directory, { recursive: true }));

test('a step that spins outlives neither its timeout nor its process, and holds nothing up', async () => {
  const spinner = spawn(process.execPath, [SPINNER, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = '';
  spinner.stdout.on('data', (chunk: Buffer) => {
    told += chunk.toString();
  });
  const [code] = await once(spinner, 'close');
  expect(code).toBe(0);
  const { failures, ...ends } = JSON.parse(told);
  const spun = expect.stringMatching(/^try ([2-9]|\d\d+)$/);
  expect(ends).toEqual({ spun, died: 'try 2', lent: [42, ['blob', 'x']] });
  expect(failures.map(({ arrival }: { arrival: unknown }) => arrival)).toContainEqual(
    expect.objectContaining({ name: 'spin', outcome: 'retrying', attempts: 1 }),
  );
});

test('an isolated workflow is refused where no step worker can be made', async () => {
  const workflow = defineWorkflow({ id: 'alone', version: 1, logic: fromSteps(async () => {}), isolate: true });
  await expect(openHoldfast({ directory, workflows: [workflow] })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});

test('serveSteps belongs into a thread', () => {
  expect(() => serveSteps({ workflows: [] })).toThrow(expect.objectContaining({ code: 'WRONG_THREAD' }));
});
