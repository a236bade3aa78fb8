export { createSystemClock } from './clock.js';
export { createHost, type Host, type HostOptions } from './host.js';
export type { Clock, Connectivity } from './ports.js';
