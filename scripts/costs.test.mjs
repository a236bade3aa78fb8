import { expect, test } from 'vitest';
import { costTable } from './costs.mjs';
import { run } from './process.mjs';

test('a table tells the time of each by the clock and on the cores, and the sum of what is known', () => {
  const costs = [
    { name: 'build', ms: 2000, cpuMs: 3460 },
    { name: 'lint', ms: 150, cpuMs: undefined },
    { name: 'unit tests', ms: 100_000, cpuMs: 190_000 },
  ];
  expect(costTable(costs).split('\n')).toEqual([
    ' clock s   core s',
    '     2.0      3.5  build',
    '     0.1        -  lint',
    '   100.0    190.0  unit tests',
    '            193.5  in all',
  ]);
  expect(costTable([])).toBe('');
});

test.runIf(process.platform === 'linux')(
  'a child is charged with what it and its children took, and no other',
  async () => {
    const busy = 'const at = process.cpuUsage().user; while (process.cpuUsage().user - at < 300_000);';
    const parent = `require('node:child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(busy)}])`;
    const [first, idle] = [await run([process.execPath, '-e', parent]), await run([process.execPath, '-e', '0'])];
    expect(first.cpuMs).toBeGreaterThanOrEqual(300);
    expect(idle.cpuMs).toBeLessThan(first.cpuMs ?? 0);
  },
);
