/** Half a surrogate pair has no place in a key or a header. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== '' && !/\p{Surrogate}/u.test(name);
}
