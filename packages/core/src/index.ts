export type { Holdfast, HostStatus, StartOptions } from './client/holdfast.js';
export type { IfExists } from './client/protocol.js';
export type { Observer, Run, SendOptions, Subscription } from './client/run.js';
export type { RunList } from './client/run-list.js';
export type { RunSnapshot, SeenStatus } from './client/snapshot.js';
export type { DeadLetter } from './decide/dead-letters.js';
export { defineWorkflow } from './define/define-workflow.js';
export type { Duration } from './define/duration.js';
export { fromSteps } from './define/from-steps.js';
export type { Limits } from './define/limits.js';
export type { Migration, MigrationChild, MigrationState, MigrationStep, Migrations } from './define/migration.js';
export type { Retention } from './define/retention.js';
export type { EventSchemas, SchemaIssue, WorkflowSchemas } from './define/schemas.js';
export { NonRetryableError, RetryAfterError } from './define/step-errors.js';
export type {
  AnyLocalDatabase,
  AnyServices,
  EventOfType,
  LocalDatabase,
  RetryPolicy,
  StepAllOptions,
  StepBody,
  StepContext,
  StepFailure,
  StepFunction,
  StepOptions,
  StepsContext,
  StepsLogic,
  StepsTypes,
  StepUndo,
  UndoableOptions,
  UndoBody,
  UndoContext,
  WaitOptions,
} from './define/steps-logic.js';
export type { AnyWorkflow, TypesOf, Workflow, WorkflowMap, WorkflowTypes } from './define/workflow.js';
export {
  ERROR_CODES,
  type ErrorCode,
  HoldfastError,
  type HoldfastErrorOptions,
  isHoldfastError,
} from './errors/index.js';
export type { DevOptions } from './host/dev.js';
export type { Logger } from './host/logger.js';
export type { HistoryRow, Labels, Progress, RunRow, RunStatus } from './records/records.js';
