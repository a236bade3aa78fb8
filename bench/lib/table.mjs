// Results as text.

/**
 * @param {{ startedAt: string, rounds: number, machine: import('./machine.mjs').Machine, versions: Record<string, string> }} about
 * @returns {string}
 */
export function showMachine({ startedAt, rounds, machine, versions }) {
  const { system, cpu, cpus, memoryGiB, disk, load } = machine;
  return [
    `${startedAt}, ${rounds} ${rounds === 1 ? 'round' : 'rounds'}`,
    `${cpus} x ${cpu}, ${memoryGiB} GiB, ${system}, ${disk}; load ${load.join(' ')}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  ].join('\n');
}

/**
 * One line an entrant: of each metric the median and, as ±, half the distance of the quartiles.
 * @param {import('./measure.mjs').BenchResult} result
 * @returns {string}
 */
export function showBench({ name, title, params, entrants }) {
  const metrics = [...new Set(entrants.flatMap((entrant) => Object.keys(entrant.metrics)))];
  const rows = entrants.flatMap(({ name, metrics: found, absent }) =>
    absent === undefined ? [[name, ...metrics.map((metric) => showSeries(found[metric]))]] : [],
  );
  const all = [['', ...metrics], ...rows];
  const widthOf = (/** @type {number} */ at) => Math.max(...all.map((row) => row[at]?.length ?? 0));
  const longest = Math.max(...entrants.map((entrant) => entrant.name.length));
  const line = ([name = '', ...cells]) =>
    [name.padEnd(longest), ...cells.map((cell, at) => cell.padStart(widthOf(at + 1)))].join('  ').trimEnd();
  const missing = entrants.flatMap(({ name, absent }) =>
    absent === undefined ? [] : [`${name.padEnd(longest)}  absent: ${absent.split('\n')[0]}`],
  );
  const given = Object.entries(params).map(([key, value]) => `${key} ${value}`);
  return [`${name}: ${title}${given.length > 0 ? ` (${given.join(', ')})` : ''}`, ...all.map(line), ...missing].join(
    '\n',
  );
}

/** @param {import('./stats.mjs').Series | undefined} series */
function showSeries(series) {
  if (series === undefined) return '';
  const spread = series.samples.length > 1 ? ` ±${Math.round(series.spread * 100)}%` : '';
  return `${showNumber(series.median)}${spread}`;
}

/** @param {number} number */
function showNumber(number) {
  const digits = Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : Math.abs(number) >= 0.1 ? 2 : 4;
  return number.toLocaleString('en', { maximumFractionDigits: digits });
}
