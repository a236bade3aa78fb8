import { isLarge } from './bytes.js';

/** Typed arrays and DataViews, and those of large buffers: of these the bytes are not to be in the text. */

export interface ViewData {
  readonly kind: string;
  readonly buffer: ArrayBuffer;
  /** In bytes. */
  readonly offset: number;
  /** In elements; of a DataView in bytes. */
  readonly length: number;
}

type View = ArrayBufferView<ArrayBuffer> & { readonly length?: number };

/** The names of all kinds. */
export const VIEW = /^(DataView|(Big)?(Int|Uint|Float)\d+(Clamped)?Array)$/;

/** What the platform calls it, as in `Map` or `Uint8Array`: a Buffer of Node is one of these. */
export function tagOf(thing: unknown): string {
  return Object.prototype.toString.call(thing).slice(8, -1);
}

export function isLargeView(value: unknown): value is View {
  return ArrayBuffer.isView(value) && isLarge(value.buffer);
}

export function viewToData(view: View): ViewData {
  const { buffer, byteOffset: offset, byteLength, length = byteLength } = view;
  return { kind: tagOf(view), buffer, offset, length };
}

export function viewFromData({ kind, buffer, offset, length }: ViewData): ArrayBufferView {
  return viewOf(kind, buffer, offset, length);
}

/** @param kind one of {@link VIEW}. @param extent offset and length, where it isn't all of the buffer. */
export function viewOf(
  kind: string,
  buffer: ArrayBuffer,
  ...extent: [offset?: number, length?: number]
): ArrayBufferView {
  const Kind = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer, ...extent: unknown[]) => never>)[
    kind
  ];
  return new (Kind as NonNullable<typeof Kind>)(buffer, ...extent);
}
