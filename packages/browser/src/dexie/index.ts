export type { AppStore } from '../store/app-store.js';
export { type DexieLocal, dexieStore } from './dexie-store.js';
export { holdfastTables } from './holdfast-tables.js';
