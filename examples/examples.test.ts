import { describe, test } from 'vitest';
import { run } from '../scripts/process.mjs';
import { names } from './support/names.mjs';

/** Each looks for itself whether what it promises held, and says so by its exit code. */
describe('an example holds its promise through kills', { timeout: 300_000 }, () => {
  test.concurrent.for(names)('%s', async (name, { expect }) => {
    const { code, output } = await run([process.execPath, 'examples/run.mjs', name], { timeoutMs: 270_000 });
    expect(code, output).toBe(0);
    expect(output).toMatch(/killed \(SIGKILL\).+\n[\s\S]*✓ .+\n$/);
  });
});
