import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AnyWorkflow, HoldfastError } from '@holdfast/core';
import type { Schedule } from '@holdfast/core/schedules';

/** What modules hold for a host. */
export interface Loaded {
  readonly workflows: readonly AnyWorkflow[];
  readonly schedules: readonly Schedule[];
}

/**
 * Imports modules and finds the workflows and schedules which they export: by default or by name, alone or in arrays.
 * @throws `MODULE_INVALID` for one that can't be loaded, or exports no workflow.
 */
export async function loadModules(paths: readonly string[]): Promise<Loaded> {
  const found = await Promise.all(paths.map(exportsOf));
  const all = new Set(found.flat());
  return { workflows: [...all].filter(isWorkflow), schedules: [...all].filter(isSchedule) };
}

/**
 * The workflow to start: the one there is, or the one that is named; of several versions the newest.
 * @throws `OPTION_INVALID` when there are several and none is named; `WORKFLOW_UNKNOWN`.
 */
export function chooseWorkflow({ workflows }: Loaded, name: string | undefined): AnyWorkflow {
  const ids = [...new Set(workflows.map(({ id }) => id))];
  const id = name ?? (ids.length === 1 ? ids[0] : undefined);
  if (id === undefined) {
    throw new HoldfastError('OPTION_INVALID', {
      message: `The module exports several workflows: ${ids.join(', ')}.`,
      remedy: 'Say which one with --workflow.',
      details: { option: 'workflow', workflows: ids },
    });
  }
  const [newest] = workflows.filter((workflow) => workflow.id === id).sort((a, b) => b.version - a.version);
  if (newest) return newest;
  throw new HoldfastError('WORKFLOW_UNKNOWN', {
    message: `The module exports no workflow "${id}".`,
    remedy: `There are: ${ids.join(', ')}.`,
    details: { workflow: id, known: ids },
  });
}

async function exportsOf(path: string): Promise<readonly unknown[]> {
  const file = resolve(path);
  if (!existsSync(file)) throw invalid(path, 'is not there');
  const things = Object.values(await load(path, file)).flat();
  if (things.some(isWorkflow)) return things;
  throw invalid(path, 'exports no workflow', 'Export what defineWorkflow() gives, by default or by name.');
}

async function load(path: string, file: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(file).href);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && isTypeScript(message, file)) throw untyped(path, cause);
    throw invalid(path, `can't be loaded: ${message}`, undefined, cause);
  }
}

/** Which file could not be loaded stands in the message alone: it may be one that the module imports. */
function isTypeScript(message: string, file: string): boolean {
  return /"\.[cm]?tsx?"/.test(message) || ['.ts', '.mts', '.cts', '.tsx'].includes(extname(file));
}

function untyped(path: string, cause: unknown): HoldfastError {
  return invalid(
    path,
    `is TypeScript, which Node ${process.versions.node} does not load by itself`,
    'Use Node 22.18 or newer, or a loader: npm install tsx, then NODE_OPTIONS="--import tsx" holdfast ...; or compile it.',
    cause,
  );
}

function invalid(path: string, what: string, remedy?: string, cause?: unknown): HoldfastError {
  return new HoldfastError('MODULE_INVALID', {
    message: `The module ${path} ${what}.`,
    ...(remedy === undefined ? {} : { remedy }),
    details: { module: path },
    cause,
  });
}

/** Told by its shape: the module may have a copy of @holdfast/core of its own. */
function isWorkflow(thing: unknown): thing is AnyWorkflow {
  const { id, version, logic, provide } = (thing ?? {}) as Partial<AnyWorkflow>;
  return typeof id === 'string' && typeof version === 'number' && typeof logic === 'object' && !!provide;
}

function isSchedule(thing: unknown): thing is Schedule {
  const { id, workflow, next, inputOf } = (thing ?? {}) as Partial<Schedule>;
  return typeof id === 'string' && typeof workflow === 'string' && !!next && !!inputOf;
}
