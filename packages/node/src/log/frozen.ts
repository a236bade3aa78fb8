/** Freezes what a line was parsed to. What was planned by this process is frozen already, and is not looked through. */
export function frozen<T>(data: T): T {
  if (typeof data !== 'object' || data === null || Object.isFrozen(data)) return data;
  for (const key in data) frozen(data[key]);
  return Object.freeze(data);
}
