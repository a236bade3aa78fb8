export { AttachmentBook } from './attachment-book.js';
export {
  decode,
  decodeError,
  encode,
  encodeError,
  encodeGiven,
  type Reducers,
  type Revivers,
  revive,
  sameText,
} from './codec.js';
export { assertLength } from './length.js';
export type { Flat } from './plain.js';
export { Trace } from './trace.js';
