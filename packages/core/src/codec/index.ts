export { AttachmentBook } from './attachment-book.js';
export {
  decode,
  decodeError,
  encode,
  encodeError,
  encodeGiven,
  revive,
  sameText,
} from './codec.js';
export { arrived, type Crossing, crossDecoded, crossError, crossGiven, type Given } from './crossing.js';
export type { Reducers } from './flatten.js';
export { arrivedGiven } from './given.js';
export { assertLength } from './length.js';
export { Trace } from './trace.js';
export type { Flat, Revivers } from './unflatten.js';
