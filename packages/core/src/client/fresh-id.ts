/**
 * A random id. Not by `crypto.randomUUID`, which an insecure context lacks: there the call itself is to fail, with
 * `INSECURE_CONTEXT`.
 */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
