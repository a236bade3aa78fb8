import { isLarge } from './bytes.js';

/** Typed arrays and DataViews of large buffers: devalue wants the bytes of theirs in the text. */

const KINDS = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
};

export interface ViewData {
  readonly kind: keyof typeof KINDS;
  readonly buffer: ArrayBuffer;
  /** In bytes. */
  readonly offset: number;
  /** In elements; of a DataView in bytes. */
  readonly length: number;
}

type View = ArrayBufferView<ArrayBuffer> & { readonly length?: number };

export function isLargeView(value: unknown): value is View {
  return ArrayBuffer.isView(value) && isLarge(value.buffer) && kindOf(value) in KINDS;
}

export function viewToData(view: View): ViewData {
  const { buffer, byteOffset: offset, byteLength, length = byteLength } = view;
  return { kind: kindOf(view) as ViewData['kind'], buffer, offset, length };
}

export function viewFromData({ kind, buffer, offset, length }: ViewData): ArrayBufferView {
  const Kind = KINDS[kind] as new (buffer: ArrayBuffer, offset: number, length: number) => ArrayBufferView;
  return new Kind(buffer, offset, length);
}

/** A Buffer of Node is a Uint8Array. */
function kindOf(view: ArrayBufferView): string {
  return Object.prototype.toString.call(view).slice(8, -1);
}
