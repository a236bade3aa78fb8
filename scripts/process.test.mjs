import { expect, test } from 'vitest';
import { run, tool } from './process.mjs';

const node = (/** @type {string} */ code) => [process.execPath, '--eval', code];

test('a program that ends tells its code and all that it printed', async () => {
  const ended = await run(node('console.log("out"); console.error("err"); process.exitCode = 3'));
  expect(ended.code).toBe(3);
  expect(ended.output.split('\n').sort()).toEqual(['', 'err', 'out']);
});

test('a program that does not end is stopped in time, with the children it has', async () => {
  // The grandchild holds the pipe: were it left alive, run() would wait for it.
  const child = `require('child_process').spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1e6)'], { stdio: 'inherit' })`;
  const ended = await run(node(child), { timeoutMs: 300 });
  expect(ended.code).toBeNull();
  expect(ended.output).toMatch('stopped after 0.3 s');
});

test('a program that is not there is a failure, not an exception', async () => {
  const ended = await run(['no-such-program-of-holdfast']);
  expect(ended.code).toBeNull();
  expect(ended.output).toMatch('ENOENT');
});

test('an installed tool is found by its package, and a missing one is an error', async () => {
  expect((await run([...tool('typescript', 'tsc'), '--version'])).output).toMatch(/^Version \d/);
  expect(() => tool('typescript', 'nothing')).toThrow('typescript has no program nothing');
});
