export { type ConnectHoldfastOptions, connectHoldfast } from './connect-holdfast.js';
export { type FileStoreOptions, openFileStore } from './file-store.js';
export type { AppendFile, FileSystem } from './file-system.js';
export type { Connection, Listening, Sockets } from './link/sockets.js';
export { type NodeHoldfast, type OpenHoldfastOptions, openHoldfast } from './open-holdfast.js';
export type { Processes, ProcessName } from './owner/processes.js';
export type { FileStoreReport } from './report.js';
export { serveSteps } from './step-worker.js';
