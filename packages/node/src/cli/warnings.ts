import type { Logger } from '@holdfast/core';
import type { Call } from './call.js';
import { toJson } from './json.js';
import type { LiveView } from './live-view.js';
import { paint, plain } from './terminal.js';
import { tellTrouble } from './trouble.js';

/** What a host has to tell beside how its runs stand: on stderr, above the lines that are drawn anew. */
export function warnings(call: Call, view: LiveView): { logger: Logger; onError: (error: unknown) => void } {
  const { terminal, json } = call;
  const nothing = () => {};
  const warn = (details: object, message: string) =>
    view.around(() => terminal.err(json ? toJson({ kind: 'warning', message, ...details }) : toLine(details, message)));
  const toLine = (details: object, message: string) => {
    const { workflow, run, step, attempt, err } = details as Record<string, unknown>;
    const where = workflow === undefined ? '' : `${workflow}/${run}: `;
    const which = step === undefined ? '' : ` ("${step}", try ${attempt})`;
    const why = err instanceof Error ? `: ${err.message}` : '';
    return `${paint(terminal, 'yellow', 'warning')} ${plain(`${where}${message}${which}${why}`)}`;
  };
  return {
    logger: { debug: nothing, info: nothing, warn, error: warn },
    onError: (error) => view.around(() => tellTrouble(terminal, call, error)),
  };
}
