export { createSystemClock } from './clock.js';
export type { DevOptions } from './dev.js';
export { createHost, type Host, type HostOptions } from './host.js';
export type { Clock, Connectivity } from './ports.js';
