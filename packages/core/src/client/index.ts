export {
  arrived,
  arrivedGiven,
  type Crossing,
  crossDecoded,
  crossError,
  crossGiven,
  decode,
  decodeError,
  encode,
  encodeError,
  type Given,
} from '../codec/index.js';
export { type Duration, toMs } from '../define/duration.js';
export {
  checkOption,
  checkOptions,
  FUNCTION,
  type Kind,
  type Kinds,
  MS,
  OBJECT,
  oneOf,
  SIGNAL,
  TEXT,
  told,
  withMethods,
} from '../define/options.js';
export { HoldfastError, isHoldfastError } from '../errors/index.js';
export { encodedValues } from './encoded-values.js';
export { createClient, type Holdfast, type HostStatus, type StartOptions, type WorkflowTypesById } from './holdfast.js';
export { type LocalHost, linkLocally } from './local-link.js';
export type {
  Control,
  ControlRequest,
  Encoded,
  HostApi,
  HostLink,
  IfExists,
  Interest,
  LinkedApi,
  LinkStatus,
  Notice,
  SendRequest,
  StartRequest,
  Values,
} from './protocol.js';
export type { Observer, Run, SendOptions, Subscription } from './run.js';
export type { RunList } from './run-list.js';
export type { RunSnapshot, RunSnapshotData, SeenStatus } from './snapshot.js';
