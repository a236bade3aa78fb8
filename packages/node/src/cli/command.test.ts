import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { commands, EXPENSE, LOADER, lines } from './commands.test-support.js';

const { holdfast, start, inFolder } = commands();

let directory: string;
beforeEach(() => {
  directory = inFolder();
});

test('a run outlives its host: served, killed, served again, approved from elsewhere meanwhile, shown', async () => {
  const begun = await holdfast(['run', EXPENSE, '--id', 'taxi', '--input', '-', '--until-waiting'], { input: '{}' });
  expect([begun.code, begun.out.trim().split('\n').at(-1)]).toEqual([0, 'expense/taxi waiting 1/2']);

  const first = start(['serve', EXPENSE]);
  await first.printed('expense/taxi waiting');
  first.child.kill('SIGKILL');
  expect(await first.code).toBe('SIGKILL');

  const second = start(['serve', EXPENSE]);
  await second.printed('expense/taxi waiting');
  const shown = await holdfast(['show', 'taxi']);
  expect([shown.code, shown.out]).toEqual([0, expect.stringMatching(/approval +event +waiting .*for APPROVE/)]);

  const sent = await holdfast(['send', 'taxi', 'APPROVE', '--data', '{"by":"ann"}']);
  expect(sent).toEqual({ code: 0, out: 'expense/taxi was sent APPROVE.\n', err: '' });
  await second.printed('expense/taxi done');
  second.child.kill('SIGTERM');
  expect(await second.code).toBe(0);

  const { row, steps, output, history } = JSON.parse((await holdfast(['show', 'expense/taxi', '--json'])).out);
  expect({ status: row.status, output, steps }).toEqual({ status: 'done', output: { by: 'ann' }, steps: [] });
  const told = history.map(({ arrival: { kind, name, outcome } }: { arrival: Record<string, string> }) =>
    [kind, name, outcome].filter(Boolean).join(' '),
  );
  expect(told).toEqual([
    'start',
    'step ask completed',
    'step approval started',
    'event APPROVE kept',
    'step approval completed',
    'actor completed',
  ]);
});

test('a run that is interrupted is given back in good order, and goes on under its id', async () => {
  const ledger = join(directory, 'ledger');
  const first = start(['run', EXPENSE, '--id', 'taxi', '--input', '-'], { input: JSON.stringify({ ledger }) });
  await first.printed('expense/taxi waiting 1/2');
  first.child.kill('SIGINT');
  expect([await first.code, await first.err]).toEqual([130, expect.stringContaining('--id taxi')]);
  expect((await readdir(join(directory, '.holdfast'))).filter((file) => file.startsWith('owner'))).toEqual([]);

  await holdfast(['send', 'taxi', 'APPROVE', '--data', '@by.json']).then(({ code }) => expect(code).toBe(2));
  await writeFile(join(directory, 'by.json'), '{"by":"bob"}');
  await holdfast(['send', 'taxi', 'APPROVE', '--data', '@by.json']);
  const second = await holdfast(['run', EXPENSE, '--id', 'taxi', '--json']);
  expect([second.code, lines(second.out).at(-1)]).toEqual([
    0,
    { kind: 'result', workflow: 'expense', run: 'taxi', status: 'done', output: { by: 'bob' } },
  ]);
  expect(await readFile(ledger, 'utf8')).toBe('ask 1\n');
});

test('a run that fails ends with 1 and says why, with a stack only when asked', async () => {
  const run = ['run', EXPENSE, '--input', '-', '--id', 'taxi'];
  const failed = await holdfast(run, { input: '{"unpaid":true}' });
  expect(failed.code).toBe(1);
  expect(failed.err).toMatch(/^RUN_FAILED: Run "taxi" of workflow "expense" failed: no money left$/m);
  expect(failed.err).not.toMatch(/^ +at /m);
  const again = await holdfast(['run', EXPENSE, '--id', 'taxi', '--debug']);
  expect([again.code, again.err]).toEqual([1, expect.stringMatching(/^ +at /m)]);
});

test('a run that is paused ends with 6 and tells how it goes on', async () => {
  const held = await holdfast(['run', EXPENSE, '--input', '-', '--id', 'taxi'], { input: '{"stuck":true}' });
  expect(held.code).toBe(6);
  expect(held.err).toMatch(/^STEP_EXHAUSTED: Step "ask" .* the mail server is down/m);
  expect(held.err).toMatch(/to let it go on: holdfast retry expense\/taxi$/m);
  expect((await holdfast(['retry', 'taxi'])).code).toBe(0);
  expect((await holdfast(['serve', EXPENSE, '--drain'])).err).toMatch(/try of a step failed \("ask", try 1\)/);
});

describe('what can not be done ends with its own exit code', () => {
  const STORE = ['--dir', 'store'];
  beforeEach(async () => {
    await mkdir(join(directory, 'store'));
    await writeFile(join(directory, 'none.mjs'), 'export const x = 1;');
    await writeFile(join(directory, 'throws.mjs'), 'throw new Error("at import");');
    await writeFile(join(directory, 'typed.ts'), 'export const x: number = 1;');
  });

  test.each([
    [2, [], /Usage: holdfast/],
    [2, ['frobnicate'], /unknown command/],
    [2, ['list', '--status', 'asleep'], /Allowed choices are queued/],
    [2, ['list', '--limit', '0'], /whole number from 1/],
    [2, ['run', 'nowhere.mjs'], /^MODULE_INVALID: The module nowhere.mjs is not there\.$/m],
    [2, ['run', 'none.mjs'], /^MODULE_INVALID: The module none.mjs exports no workflow\.$/m],
    [2, ['run', 'throws.mjs'], /^MODULE_INVALID: .* can't be loaded: at import\.$/m],
    [2, ['run', EXPENSE, '--input', 'nowhere.json'], /^OPTION_INVALID: --input: the file nowhere.json/m],
    [2, [...STORE, 'prune', '--closed-before', 'yesterday'], /^OPTION_INVALID/m],
    [3, ['list'], /^STORE_ABSENT: There is no store in /m],
    [3, ['watch', '--dir', 'nowhere'], /^STORE_ABSENT/m],
    [3, [...STORE, 'show', 'taxi'], /^RUN_UNKNOWN: There is no run "taxi"/m],
    [3, [...STORE, 'pause', 'expense/taxi'], /^RUN_UNKNOWN/m],
    [3, ['run', EXPENSE, '--workflow', 'other'], /^WORKFLOW_UNKNOWN: .*\n {2}There are: expense\.$/m],
  ])('%i: %j', async (code, args, told) => {
    const ended = await holdfast(args as string[]);
    expect([ended.code, ended.err]).toEqual([code, expect.stringMatching(told)]);
    expect(ended.err).not.toMatch(/^ +at /m);
  });

  test('with --json as an object', async () => {
    const { err } = await holdfast([...STORE, 'show', 'taxi', '--json']);
    expect(JSON.parse(err)).toMatchObject({ kind: 'error', code: 'RUN_UNKNOWN', details: { id: 'taxi' } });
  });

  test('help is no failure', async () => {
    expect(await holdfast(['show', '--help'])).toMatchObject({ code: 0, out: expect.stringContaining('Examples:') });
  });
});

test('a store that another process owns can be read; what it can not do is refused with 4', async () => {
  const owner = start(['run', EXPENSE, '--id', 'taxi', '--input', '-'], { input: '{}' });
  await owner.printed('expense/taxi waiting 1/2');
  const watched = start(['watch', 'taxi', '--json']);
  await watched.printed('"run":"taxi"');
  expect((await holdfast(['list', '--status', 'running', 'waiting'])).out).toMatch(/^expense +taxi +/m);
  const refused = await holdfast(['serve', EXPENSE]);
  expect([refused.code, refused.err]).toEqual([4, expect.stringContaining(`${owner.child.pid}`)]);
  for (const { child, code } of [watched, owner]) {
    child.kill('SIGTERM');
    await code;
  }
  expect([await watched.code, await owner.code]).toEqual([0, 143]);
});

test('what is deleted is confirmed where nobody can be asked, and what is pruned has ended long enough ago', async () => {
  await holdfast(['run', EXPENSE, '--id', 'old', '--input', '-'], { input: '{"unpaid":true}' });
  await holdfast(['run', EXPENSE, '--id', 'new', '--input', '-', '--until-waiting'], { input: '{}' });
  const unsure = await holdfast(['delete', 'old', 'new']);
  expect([unsure.code, unsure.err]).toEqual([2, expect.stringMatching(/^OPTION_INVALID: .*\n {2}Say --yes\.$/m)]);
  expect((await holdfast(['prune', '--closed-before', '1h', '--yes'])).out).toBe('0 runs to be deleted.\n');
  expect((await holdfast(['prune', '--closed-before', '0s', '--yes'])).out).toBe('1 run to be deleted.\n');
  await holdfast(['serve', EXPENSE, '--drain']);
  expect(lines((await holdfast(['list', '--json'])).out)).toMatchObject([{ run: 'new', status: 'waiting' }]);
  await holdfast(['delete', 'new', '--yes']);
  await holdfast(['serve', EXPENSE, '--drain']);
  expect((await holdfast(['list'])).out).toBe('No runs.\n');
});

test('all damage is found by verify, and named by file and offset', async () => {
  await holdfast(['run', EXPENSE, '--id', 'taxi', '--input', '-', '--until-waiting'], { input: '{}' });
  expect(await holdfast(['verify'])).toMatchObject({ code: 0, out: expect.stringMatching(/^Whole: 1 run,/) });
  const store = join(directory, '.holdfast');
  const [segment = ''] = (await readdir(store)).filter((file) => file.endsWith('.log'));
  const bytes = await readFile(join(store, segment));
  const second = bytes.indexOf('\n') + 1;
  const third = bytes.indexOf('\n', second) + 1;
  for (const offset of [second + 20, third + 20]) bytes[offset] = (bytes[offset] ?? 0) ^ 1;
  await writeFile(join(store, segment), bytes);
  await writeFile(join(store, '00000009-00000009.log.tmp'), 'half');
  const { code, out, err } = await holdfast(['verify', '--json']);
  expect([code, JSON.parse(err).code]).toEqual([5, 'STORE_DAMAGED']);
  expect(JSON.parse(err).details).toEqual({ file: segment, offset: second, places: 2 });
  expect(lines(out)).toMatchObject([
    { kind: 'damage', file: segment, offset: second },
    { kind: 'damage', file: segment, offset: third },
    { kind: 'stray', file: '00000009-00000009.log.tmp' },
    { kind: 'verified', whole: false },
  ]);
  expect((await holdfast(['compact'])).code).toBe(5);
});

test('compact gives back space, and keeps what there is', async () => {
  for (const run of ['taxi', 'train']) {
    await holdfast(['run', EXPENSE, '--id', run, '--input', '-', '--until-waiting'], { input: '{}' });
  }
  const before = (await holdfast(['list', '--json'])).out;
  const [{ before: bytes, after }] = lines((await holdfast(['compact', '--json'])).out) as [Record<string, number>];
  expect(after).toBeLessThan(bytes as number);
  expect((await holdfast(['list', '--json'])).out).toBe(before);
  expect((await holdfast(['verify'])).code).toBe(0);
});

describe('a module of TypeScript', () => {
  beforeEach(async () => {
    const module = `import { expense } from ${JSON.stringify(EXPENSE)};\nexport const all: object[] = [expense];\n`;
    await writeFile(join(directory, 'typed.ts'), module);
  });

  test('is loaded by a registered loader', async () => {
    const env = { NODE_OPTIONS: `--import ${LOADER}` };
    expect(await holdfast(['run', 'typed.ts', '--input', '-', '--until-waiting'], { input: '{}', env })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/waiting 1\/2$/m),
    });
  });

  test.runIf(!('typescript' in process.features))('is refused with a remedy where Node has none', async () => {
    const { code, err } = await holdfast(['run', 'typed.ts']);
    expect([code, err]).toEqual([2, expect.stringMatching(/^MODULE_INVALID: .* TypeScript.*\n {2}Use Node 22\.18/m)]);
  });
});
