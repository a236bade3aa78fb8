import type { AnyWorkflow, WorkflowMap } from '@holdfast/core';

declare const workflows: unique symbol;

/** What `serveHoldfast` returns: nothing at run time, and to `createHoldfast` the types of what is served. */
export interface ServedHoldfast<TWorkflows extends readonly AnyWorkflow[] = readonly AnyWorkflow[]> {
  readonly [workflows]?: TWorkflows;
}

/** The workflows of a {@link ServedHoldfast}, by id. */
export type WorkflowsOf<TApp extends ServedHoldfast> =
  TApp extends ServedHoldfast<infer TWorkflows> ? WorkflowMap<TWorkflows> : never;
