// What the checks of this run have cost, to be told at its end.

/** @typedef {{ name: string, ms: number, cpuMs: number | undefined }} Cost time by the clock, and on the cores where that is known */

/** @type {Cost[]} in the order in which they ended */
const costs = [];

/** @param {Cost} cost */
export function note(cost) {
  costs.push(cost);
}

/**
 * A line for each that was noted, and the core time of all; empty where nothing was.
 * @param {readonly Cost[]} [of]
 * @returns {string}
 */
export function costTable(of = costs) {
  const known = of.flatMap(({ cpuMs }) => (cpuMs === undefined ? [] : [cpuMs]));
  const lines = of.map(({ name, ms, cpuMs }) => `${seconds(ms)} ${seconds(cpuMs)}  ${name}`);
  if (known.length > 1) lines.push(`${' '.repeat(8)} ${seconds(known.reduce((all, one) => all + one, 0))}  in all`);
  return lines.length === 0 ? '' : [` clock s   core s`, ...lines].join('\n');
}

/** @param {number | undefined} ms */
function seconds(ms) {
  return (ms === undefined ? '-' : (ms / 1000).toFixed(1)).padStart(8);
}
