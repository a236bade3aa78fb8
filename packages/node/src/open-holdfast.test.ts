import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineWorkflow, fromSteps } from '@holdfast/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHoldfast } from './index.js';

let directory: string;
let bodies: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
  bodies = [];
});
afterEach(() => rm(directory, { recursive: true }));

/** A workflow whose second step waits until it is let go. */
function aWorkflow(letGo: Promise<void> = Promise.resolve()) {
  const logic = fromSteps({ types: {} as { input: { name: string } } }, async ({ input, step }) => {
    const greeting = await step('greet', () => {
      bodies.push('greet');
      return `Hello ${input.name}`;
    });
    return step('post', async () => {
      bodies.push('post');
      await letGo;
      return `${greeting}!`;
    });
  });
  return defineWorkflow({ id: 'letter', version: 1, logic });
}

test('a run is done, and stays done after the directory was opened again', async () => {
  const first = await openHoldfast({ directory, workflows: [aWorkflow()] });
  const run = await first.start('letter', { id: 'one', input: { name: 'Ann' } });
  expect(await run.result()).toBe('Hello Ann!');
  await first.close();
  const second = await openHoldfast({ directory, workflows: [aWorkflow()] });
  expect(await second.run('letter', 'one').result()).toBe('Hello Ann!');
  await second.close();
  expect(bodies).toEqual(['greet', 'post']);
});

test('a run that was left in the middle of a step goes on from there', async () => {
  const first = await openHoldfast({ directory, workflows: [aWorkflow(new Promise(() => {}))] });
  await first.start('letter', { id: 'one', input: { name: 'Ann' } });
  await expect.poll(() => bodies).toEqual(['greet', 'post']);
  await first.close();
  const second = await openHoldfast({ directory, workflows: [aWorkflow()] });
  expect(await second.run('letter', 'one').result()).toBe('Hello Ann!');
  await second.close();
  expect(bodies).toEqual(['greet', 'post', 'post']);
});

test('a directory that is open already is refused with its process, and is free after close', async () => {
  const first = await openHoldfast({ directory, workflows: [aWorkflow()] });
  const again = openHoldfast({ directory, workflows: [aWorkflow()] });
  await expect(again).rejects.toMatchObject({ code: 'STORE_OWNED', details: { pid: process.pid, directory } });
  const run = await first.start('letter', { id: 'one', input: { name: 'Ann' } });
  expect(await run.result()).toBe('Hello Ann!');
  await first.close();
  await (await openHoldfast({ directory, workflows: [aWorkflow()] })).close();
});

test('a path that is no directory is refused by name', async () => {
  const file = join(directory, 'file');
  await writeFile(file, '');
  for (const path of [file, join(file, 'below')]) {
    const refusal = { code: 'STORE_UNWRITABLE', details: { directory: path } };
    await expect(openHoldfast({ directory: path, workflows: [aWorkflow()] })).rejects.toMatchObject(refusal);
  }
});

test('damage is refused with file and offset', async () => {
  const first = await openHoldfast({ directory, workflows: [aWorkflow()] });
  await (await first.start('letter', { id: 'one', input: { name: 'Ann' } })).result();
  await first.close();
  const file = (await readdir(directory)).find((name) => name.endsWith('.log')) as string;
  await writeFile(join(directory, file), 'X', { flag: 'r+' });
  const refusal = { code: 'STORE_DAMAGED', details: { file, offset: 0 } };
  await expect(openHoldfast({ directory, workflows: [aWorkflow()] })).rejects.toMatchObject(refusal);
});
