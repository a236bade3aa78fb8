export type { AppStore } from '../store/app-store.js';
export { createHoldfastTables, type IdbLocal, idbStore } from './idb-store.js';
