import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineWorkflow, fromSteps, type Logger } from '@holdfast/core';
import pino from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openHoldfast } from './index.js';

const flaky = defineWorkflow({
  id: 'flaky',
  version: 1,
  logic: fromSteps({ types: {} }, async ({ step }) => {
    await step('s', { retry: { attempts: 2, delay: 0 } }, ({ attempt }) => {
      if (attempt === 1) throw new Error('no luck');
    });
  }),
});

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function runOnce(logger: Logger) {
  const holdfast = await openHoldfast({ directory, workflows: [flaky], logger });
  await (await holdfast.start('flaky', { id: '1' })).result();
  await holdfast.close();
}

test('pino is a logger: details are its fields, errors are serialised', async () => {
  const lines: Record<string, unknown>[] = [];
  await runOnce(pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line)) }));
  expect(lines).toMatchObject([
    { level: 30, msg: 'owns the store', store: directory, epoch: 1 },
    { level: 30, msg: 'run started', workflow: 'flaky', run: '1' },
    { level: 40, msg: 'a try of a step failed', step: 's', attempt: 1, err: { message: 'no luck' } },
    { level: 30, msg: 'run done', workflow: 'flaky', run: '1' },
  ]);
  expect(lines).toHaveLength(4);
});

test('console is a logger', async () => {
  const spies = (['debug', 'info', 'warn', 'error'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation(() => {}),
  );
  await runOnce(console);
  const [debug, info, warn, error] = spies.map((spy) => spy.mock.calls.map(([, message]) => message));
  for (const spy of spies) spy.mockRestore();
  expect([info, warn, error]).toEqual([['owns the store', 'run started', 'run done'], ['a try of a step failed'], []]);
  expect(new Set(debug)).toEqual(new Set(['checkpoint']));
});

test('reports of the store are warnings of the logger, unless somebody else is told', async () => {
  await runOnce(pino({ level: 'silent' }));
  const torn = join(directory, '00000001-00000001.log');
  await writeFile(torn, 'torn', { flag: 'a' });
  const warned: string[] = [];
  const nothing = () => {};
  const logger = {
    debug: nothing,
    info: nothing,
    error: nothing,
    warn: (_: object, text: string) => warned.push(text),
  };
  const holdfast = await openHoldfast({ directory, workflows: [flaky], logger });
  await holdfast.close();
  expect(warned).toEqual([expect.stringMatching(/00000001-00000001\.log was cut at byte \d+$/)]);
  const reports: unknown[] = [];
  await writeFile(join(directory, '00000002-00000001.log'), 'torn', { flag: 'a' });
  const report = (told: unknown) => void reports.push(told);
  await (await openHoldfast({ directory, workflows: [flaky], logger, onReport: report })).close();
  expect([reports.length, warned.length]).toEqual([1, 1]);
});
