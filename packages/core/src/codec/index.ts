export { type Attachment, AttachmentBook } from './attachment-book.js';
export {
  decode,
  decodeError,
  encode,
  encodeError,
  encodeGiven,
  type Reducers,
  type Revivers,
  sameText,
} from './codec.js';
export { assertLength } from './length.js';
