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
  const rows = entrants.map((entrant) => [
    entrant.name,
    ...(entrant.absent === undefined
      ? metrics.map((metric) => showSeries(entrant.metrics[metric]))
      : [`absent: ${entrant.absent.split('\n')[0]}`]),
  ]);
  const all = [['', ...metrics], ...rows];
  const widths = all[0]?.map((_, at) =>
    Math.max(...all.map((row) => (row.length === metrics.length + 1 || at === 0 ? (row[at]?.length ?? 0) : 0))),
  );
  const line = (/** @type {string[]} */ row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths?.[at] ?? 0) : cell.padStart(widths?.[at] ?? 0))).join('  ');
  const given = Object.entries(params).map(([key, value]) => `${key} ${value}`);
  return [`${name}: ${title}${given.length > 0 ? ` (${given.join(', ')})` : ''}`, ...all.map(line)].join('\n');
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
