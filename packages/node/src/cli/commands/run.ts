import { type AnyWorkflow, type Holdfast, HoldfastError, type Run, type RunSnapshot } from '@holdfast/core';
import { openHoldfast } from '../../open-holdfast.js';
import type { Call } from '../call.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { readInput, toJson } from '../json.js';
import { LiveView } from '../live-view.js';
import { chooseWorkflow, loadModules } from '../load-module.js';
import { hasEnded, statusOf } from '../run-lines.js';
import { seenRun } from '../seen-run.js';
import { addressOf } from '../store-at.js';
import { plain } from '../terminal.js';
import { tellTrouble } from '../trouble.js';
import { warnings } from '../warnings.js';

export interface RunOptions {
  readonly input?: string;
  readonly id?: string;
  readonly workflow?: string;
  readonly untilWaiting?: boolean;
}

/** `holdfast run`: hosts until the run has ended, is held, or, where that is asked for, waits. */
export async function run(call: Call, module: string, options: RunOptions): Promise<number> {
  const loaded = await loadModules([module]);
  const workflow = chooseWorkflow(loaded, options.workflow);
  const { workflows } = loaded;
  const input = options.input === undefined ? undefined : { value: await readInput(options.input, call.stdin) };
  const view = new LiveView(call.terminal, call);
  const holdfast = await openHoldfast({
    directory: call.directory,
    workflows,
    ...warnings(call, view),
  });
  try {
    const handle = await begin(holdfast, workflow, options.id, input);
    const last = await follow(handle, view, call.ending, options);
    return await conclude(call, handle, last);
  } finally {
    await holdfast.close();
  }
}

/** A run that is there goes on; it needs no input said again. */
async function begin(
  holdfast: Holdfast,
  { id: workflow }: AnyWorkflow,
  id: string | undefined,
  input: { value: unknown } | undefined,
): Promise<Run> {
  if (id !== undefined && !input && (await isThere(holdfast.run(workflow, id)))) return holdfast.run(workflow, id);
  return holdfast.start(workflow, { ...(id === undefined ? {} : { id }), input: input?.value });
}

async function isThere(run: Run): Promise<boolean> {
  return (await seenRun(run)).status !== 'absent';
}

/** Shows the run until there is nothing more to wait for; gives the snapshot that said so. */
function follow(run: Run, view: LiveView, ending: AbortSignal, { untilWaiting = false }: RunOptions) {
  return new Promise<RunSnapshot>((resolve) => {
    const end = () => {
      subscription.unsubscribe();
      ending.removeEventListener('abort', end);
      resolve(run.getSnapshot());
    };
    const subscription = run.subscribe(({ run: { status, reasons, seq }, progress, value }) => {
      if (status === 'unknown') return;
      view.show([{ workflow: run.workflow, run: run.id, status, reasons, seq, progress, value }]);
      const isHeld = status === 'paused' || status === 'parked';
      if (hasEnded({ status }) || isHeld || (untilWaiting && status === 'waiting')) queueMicrotask(end);
    });
    ending.addEventListener('abort', end);
    if (ending.aborted) end();
  });
}

async function conclude(call: Call, run: Run, snapshot: RunSnapshot): Promise<number> {
  const { status } = snapshot.run;
  if (hasEnded({ status })) return tellOutcome(call, run);
  if (call.json) call.terminal.out(toJson({ kind: 'result', workflow: run.workflow, run: run.id, ...snapshot.run }));
  if (status === 'paused' || status === 'parked') return tellHeld(call, run, snapshot);
  if (!call.ending.aborted) return EXIT.ok;
  const name = plain(addressOf({ workflow: run.workflow, run: run.id }));
  call.terminal.err(`${name} goes on when it is hosted again: holdfast run … --id ${plain(run.id)}`);
  return call.ending.reason === 'SIGINT' ? EXIT.interrupted : EXIT.terminated;
}

function tellHeld(call: Call, { workflow, id }: Run, { run: { status, reasons, problem } }: RunSnapshot): number {
  const name = addressOf({ workflow, run: id });
  if (problem) tellTrouble(call.terminal, call, new HoldfastError(problem.code, problem));
  const next = reasons.includes('exhausted') ? 'retry' : 'resume';
  const after = status === 'paused' ? `; to let it go on: holdfast ${next} ${name}` : '';
  if (!call.json) call.terminal.err(plain(`${name} is ${statusOf({ status, reasons })}${after}`));
  return EXIT.held;
}

async function tellOutcome(call: Call, run: Run): Promise<number> {
  const { terminal, json } = call;
  const address = { workflow: run.workflow, run: run.id };
  try {
    const output = await run.result();
    if (json) terminal.out(toJson({ kind: 'result', ...address, status: 'done', output }));
    else if (output !== undefined) terminal.out(typeof output === 'string' ? output : toJson(output));
    return EXIT.ok;
  } catch (error) {
    if (json) terminal.out(toJson({ kind: 'result', ...address, status: run.getSnapshot().run.status, error }));
    tellTrouble(terminal, call, error);
    return exitCodeOf(error);
  }
}
