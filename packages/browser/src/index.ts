export { createHoldfast, type HoldfastOptions } from './page/create-holdfast.js';
export type { Services } from './page/services.js';
export type { ServedHoldfast } from './wire/served.js';
