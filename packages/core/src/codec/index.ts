export { AttachmentBook } from './attachment-book.js';
export {
  decode,
  decodeError,
  encode,
  encodeError,
  encodeGiven,
  type Flat,
  type Reducers,
  type Revivers,
  revive,
  sameText,
} from './codec.js';
export { assertLength } from './length.js';
export { Trace } from './trace.js';
