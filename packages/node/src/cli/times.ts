const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** A length of time in its two largest units: `850 ms`, `1.5 s`, `3m 20s`, `2d 4h`. */
export function inWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.floor(ms / 100) / 10} s`;
  const at = UNITS.findIndex(([, size]) => ms >= size);
  const [[unit, size], next] = [UNITS[at] ?? UNITS[3], UNITS[at + 1]];
  const rest = next ? Math.floor((ms % size) / next[1]) : 0;
  return `${Math.floor(ms / size)}${unit}${next && rest > 0 ? ` ${rest}${next[0]}` : ''}`;
}

/** An instant as seen from `now`: `3m 20s ago`, `in 2d 4h`. */
export function fromNow(at: number, now: number): string {
  return at > now ? `in ${inWords(at - now)}` : `${inWords(now - at)} ago`;
}

/** An instant in local time, to the millisecond: `2026-11-27 14:03:09.120`. */
export function localTime(at: number): string {
  const date = new Date(at);
  const two = (part: number) => String(part).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
