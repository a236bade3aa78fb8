import type { FromStepWorker, ToStepWorker } from './messages.js';

/** A step worker as its host sees it. Messages come in the order in which they were posted. */
export interface StepWorker {
  /** Called once, before anything is posted. `died`: it can't be heard of any more, or has lost a message. */
  listen(listener: { message(message: FromStepWorker): void; died(error: unknown): void }): void;
  post(message: ToStepWorker): void;
  /** Ends it at once, whatever it does; nothing is heard of it any more. */
  terminate(): void;
}

/** A host as its step worker sees it. */
export interface StepHost {
  /** Called once. */
  listen(message: (message: ToStepWorker) => void): void;
  post(message: FromStepWorker): void;
}
