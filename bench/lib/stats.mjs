// What is told of a series of numbers: the middle one, and how far the others are from it.

/**
 * @typedef {object} Series
 * @property {number} median
 * @property {number} min
 * @property {number} max
 * @property {number} spread half of the distance between the quartiles, as a part of the median
 * @property {readonly number[]} samples in the order of the rounds
 */

/**
 * @param {readonly number[]} samples at least one
 * @returns {Series}
 */
export function seriesOf(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  const between = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  const [min, max] = [sorted[0] ?? Number.NaN, sorted.at(-1) ?? Number.NaN];
  return { median, min, max, spread: median === 0 ? 0 : between / 2 / Math.abs(median), samples };
}

/**
 * @param {readonly number[]} sorted
 * @param {number} part 0 to 1
 */
export function quantile(sorted, part) {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * @param {readonly number[]} samples
 * @returns {number}
 */
export function median(samples) {
  return seriesOf(samples).median;
}
