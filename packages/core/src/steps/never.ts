/** What a stopped function waits for: it is never told. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}
