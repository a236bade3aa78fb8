import type { AnyWorkflow, Holdfast, Logger, WorkflowMap } from '@holdfast/core';
import { checkOptions, createClient, linkLocally } from '@holdfast/core/client';
import { checkWorkflows, createGuest, errorsTo, type GuestOptions, HOST_KINDS } from '@holdfast/core/host';
import { openFileStore } from './file-store.js';
import { STORE_KINDS } from './options.js';

export interface ConnectHoldfastOptions<TWorkflows extends readonly AnyWorkflow[]> {
  /** Where the checkpoints are kept. Default `.holdfast`. */
  directory?: string;
  /**
   * The workflows of the process that executes them: needed to start one, and to check events before they are sent. None of
   * their code is run.
   */
  workflows?: TWorkflows;
  /** How much a run may hold; a workflow may have its own. As those who execute them have it. */
  limits?: NonNullable<GuestOptions['limits']>;
  /** Told of trouble. */
  logger?: Logger;
  /** Told of trouble that no call tells of. Default: `logger` is told, and where there is none `console.error`. */
  onError?: GuestOptions['onError'];
}

const { workflows, limits, logger, onError } = HOST_KINDS;
const KINDS = { directory: STORE_KINDS.directory, workflows, limits, logger, onError };

/**
 * Reaches the runs in a directory, and never executes one: for web handlers, scripts, and whatever comes and goes beside
 * the process that calls `openHoldfast`. Starts, events and controls are durable when their calls resolve, whether that
 * process is there or not; it carries them out when it is. It does not keep this process alive.
 *
 * Where no process owns the directory, or it does not answer within two seconds, what is shown is what is stored, and
 * accepted; calls that wait for more (`result()`, `send` with `until: 'processed'`, a start with `ifExists: 'restart'`) wait.
 * Controls resolve when they are accepted.
 *
 * @throws `STORE_UNWRITABLE`, `STORE_FULL`, `STORE_FAILED`; `OPTION_INVALID` for an option that there is not, or
 * that is not as it has to be, or when two workflows have one id and one version.
 *
 * @example
 * const holdfast = await connectHoldfast({ directory: '.holdfast' });
 * await holdfast.run('order', 'order-17').send({ type: 'PAYMENT', amount: 20 }, { id: `payment/${delivery}` });
 */
export async function connectHoldfast<const TWorkflows extends readonly AnyWorkflow[] = readonly AnyWorkflow[]>(
  options: ConnectHoldfastOptions<TWorkflows> = {},
): Promise<Holdfast<WorkflowMap<TWorkflows>>> {
  checkOptions(options, 'connectHoldfast', KINDS);
  checkWorkflows(options.workflows ?? [], 'connectHoldfast');
  const { directory = '.holdfast', workflows = [], limits, logger, onError = errorsTo(logger) } = options;
  const store = await openFileStore({ directory });
  const guest = createGuest({ store, workflows, onError, ...(limits === undefined ? {} : { limits }) });
  return createClient<WorkflowMap<TWorkflows>>(linkLocally(guest));
}
