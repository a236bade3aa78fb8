import { noChain } from '../decide/unfit.js';
import { definitionHash } from '../define/definition-hash.js';
import { chainOf } from '../define/migration.js';
import type { AnyWorkflow } from '../define/workflow.js';
import { HoldfastError } from '../errors/index.js';
import type { RunRow } from '../records/records.js';
import { unknownWorkflow } from './refusals.js';

/**
 * The workflows of a host: of one id there may be several versions, side by side.
 *
 * Owns: nothing that changes.
 * 1. A new run takes the newest version; one that has begun goes on with its own while that is registered.
 * 2. A run is migrated no further than it has to be: to the lowest version that its chain of migrations reaches.
 * 3. A run of a newer version than any is nobody's here.
 */
export class Registry {
  /** By id; the oldest version first. */
  readonly #versions = new Map<string, readonly AnyWorkflow[]>();

  /** @throws `OPTION_INVALID` when two workflows have one id and one version. */
  constructor(workflows: readonly AnyWorkflow[]) {
    for (const workflow of workflows) {
      const others = this.#versions.get(workflow.id) ?? [];
      if (others.some(({ version }) => version === workflow.version)) throw registeredTwice(workflow);
      const versions = [...others, workflow].sort((a, b) => a.version - b.version);
      this.#versions.set(workflow.id, versions);
    }
  }

  knows(id: string): boolean {
    return this.#versions.has(id);
  }

  /** What new runs take. @throws `WORKFLOW_UNKNOWN`. */
  newest(id: string): AnyWorkflow {
    return this.all(id).at(-1) as AnyWorkflow;
  }

  /** How many runs of a workflow, of one key, may be at work at a time, whatever their versions; undefined: any number. */
  limitOf(id: string): number | undefined {
    return this.#versions.get(id)?.at(-1)?.concurrency?.limit;
  }

  /** What goes on with a stored run. @throws `WORKFLOW_UNKNOWN`, `VERSION_UNFIT`. */
  of(row: RunRow): AnyWorkflow {
    const versions = this.all(row.workflow);
    const own = versions.find(({ version }) => version === row.version);
    if (own) return own;
    // One that is over goes nowhere, and one that has not begun has nothing to lose: any that is not older will do.
    const newest = this.newest(row.workflow);
    if (row.closedAt !== undefined || (row.seq === 0 && newest.version > row.version)) return newest;
    const next = versions.find((workflow) => chainOf(workflow, row.version));
    if (next) return next;
    throw noChain(
      row,
      versions.map(({ version }) => version),
    );
  }

  /** Whether a stored run is in line with the definition that goes on with it; false too when none can. */
  isInLine(row: RunRow): boolean {
    const own = this.#versions.get(row.workflow)?.find(({ version }) => version === row.version);
    return own !== undefined && row.definition === definitionHash(own.logic);
  }

  /** The oldest version first. @throws `WORKFLOW_UNKNOWN`. */
  all(id: string): readonly AnyWorkflow[] {
    const versions = this.#versions.get(id);
    if (versions) return versions;
    throw unknownWorkflow(id, [...this.#versions.keys()]);
  }
}

function registeredTwice({ id, version }: AnyWorkflow): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `Two workflows have the id "${id}" and the version ${version}.`,
    remedy: 'Give each its own id, or the newer one a higher version.',
    details: { workflow: id, version },
  });
}

/** A definition was changed, and its version was not. */
export function unbumped({ workflow, version }: RunRow): HoldfastError {
  return new HoldfastError('VERSION_UNBUMPED', {
    message: `The definition of workflow "${workflow}" was changed, but its version is still ${version}.`,
    remedy: 'Raise the version with each change of a machine that has stored runs, and give it a migration.',
    details: { workflow, version },
  });
}
