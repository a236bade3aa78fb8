/** What there may be of the platform: the newest browsers and Node have it built in, older Nodes have a Buffer. */
interface Platform {
  readonly Buffer?: {
    from(from: ArrayBuffer | string, encoding?: 'base64'): Uint8Array & { toString(to: 'base64'): string };
  };
  readonly Uint8Array: { fromBase64?(text: string): Uint8Array<ArrayBuffer> };
}

export function toBase64(buffer: ArrayBuffer): string {
  const bytes = new Uint8Array(buffer) as Uint8Array & { toBase64?(): string };
  if (bytes.toBase64) return bytes.toBase64();
  const { Buffer } = globalThis as unknown as Platform;
  if (Buffer) return Buffer.from(buffer).toString('base64');
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export function fromBase64(text: string): ArrayBuffer {
  const { Uint8Array: Bytes, Buffer } = globalThis as unknown as Platform;
  if (Bytes.fromBase64) return Bytes.fromBase64(text).buffer;
  if (Buffer) return Uint8Array.from(Buffer.from(text, 'base64')).buffer;
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0)).buffer;
}
