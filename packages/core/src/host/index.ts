export {
  type InspectedInboxRow,
  type InspectedRun,
  type InspectedStep,
  type InspectedTimer,
  inspectRun,
} from '../decide/inspect-run.js';
export { checkWorkflows } from '../define/workflows.js';
export type { FromStepWorker, ToStepWorker } from '../isolate/messages.js';
export { type ServeStepsOptions, serveStepsTo } from '../isolate/serve-steps.js';
export type { StepHost, StepWorker } from '../isolate/step-worker.js';
export { createSystemClock } from './clock.js';
export type { Drained } from './drain.js';
export { createGuest, type Guest, type GuestOptions } from './guest.js';
export { createHost, type Host } from './host.js';
export { errorsTo, type Logger } from './logger.js';
export { HOST_KINDS, type HostOptions } from './options.js';
export type { Clock, Connectivity, Emission, Ground, Relay } from './ports.js';
