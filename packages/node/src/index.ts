export { type Compacted, compactStore } from './compact-store.js';
export { type FileStoreOptions, openFileStore } from './file-store.js';
export type { AppendFile, FileSystem } from './file-system.js';
export type { Timers } from './log/timers.js';
export { type NodeHoldfast, type OpenHoldfastOptions, openHoldfast } from './open-holdfast.js';
export type { Processes, ProcessName } from './owner/processes.js';
export type { FileStoreReport } from './report.js';
export { serveSteps } from './step-worker.js';
export { type Damage, type Verification, verifyStore } from './verify-store.js';
