export type { Connectivity, ConnectivitySnapshot } from './page/connectivity.js';
export { createHoldfast, type HoldfastOptions, type PageHoldfast } from './page/create-holdfast.js';
export type { Services } from './page/services.js';
export type { SiteStorage, StorageEstimate, StorageSnapshot } from './page/site-storage.js';
export type { ServedHoldfast } from './wire/served.js';
