export type {
  Attached,
  HistoryRow,
  InboxRow,
  Labels,
  PauseReason,
  Progress,
  RunAddress,
  RunRow,
  RunStatus,
  StoredRun,
  StoredValue,
} from '../records/records.js';
export { FORMAT_VERSION, THERE, WOKEN } from '../records/records.js';
export { waitingInFull } from './inbox-limit.js';
export { hasLabels } from './labels.js';
export { createMemoryDatabase, createMemoryStore, type MemoryDatabase, unknownRun } from './memory-store.js';
export type { MemoryTables, MemoryTransaction } from './memory-tables.js';
export type {
  Acceptance,
  Accepted,
  Checkpoint,
  Claim,
  Durability,
  Op,
  Ownership,
  RunPage,
  RunQuery,
  Store,
  StoreChange,
  StoreManifest,
  Wanted,
} from './store.js';
export { assertFollows, frozenCopy, runKey, singletonId, Tables } from './tables.js';
export { tableUnknown, transactionAborted, transactionIdle } from './transaction-errors.js';
