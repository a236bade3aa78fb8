import type { AnyWorkflow } from '../define/workflow.js';
import type { RunAddress, RunRow, StoredRun } from '../records/records.js';
import type { ChildPorts } from '../steps/children.js';
import type { Ownership } from '../store/store.js';
import { limitsOf } from './acceptable.js';
import { LiveRun, type LiveRunPorts } from './live-run.js';
import { readNews } from './news.js';
import type { Settings } from './options.js';
import type { Isolation } from './performer.js';
import { type Registry, unbumped } from './registry.js';

export interface RevivalPorts {
  readonly settings: Settings;
  readonly registry: Registry;
  childrenOf(address: RunAddress): ChildPorts;
  emitted(address: RunAddress, event: { readonly type: string }): void;
}

/** Who keeps live runs is told of these. */
export type Keeper = Pick<LiveRunPorts, 'published' | 'beginning' | 'rested' | 'paused' | 'broken'>;

/**
 * Makes live runs of stored ones: each by the definition that goes on with it, with all it needs of its host.
 *
 * Owns: what runs of a workflow are given; which workflows it was told of that their version was not raised: once each. Never:
 * the runs it has made.
 */
export class Revival {
  readonly #ports: RevivalPorts;
  readonly #given = new Map<AnyWorkflow, LiveRunPorts>();
  /** `workflow@version`. */
  readonly #unbumped = new Set<string>();

  constructor(ports: RevivalPorts) {
    this.#ports = ports;
  }

  /** @throws `WORKFLOW_UNKNOWN`, `VERSION_UNFIT`, what `Decider` throws. */
  revive(stored: StoredRun, ownership: Ownership, keeper: Keeper): LiveRun {
    const workflow = this.#ports.registry.of(stored.row);
    const known = this.#given.get(workflow);
    const given = known?.ownership === ownership ? known : this.#give(workflow, ownership, keeper);
    const live = new LiveRun(workflow, stored, given);
    this.#tellUnbumped(live, stored.row);
    return live;
  }

  /** What all runs of a workflow are given, as long as this host owns the store. */
  #give(workflow: AnyWorkflow, ownership: Ownership, keeper: Keeper): LiveRunPorts {
    const { settings, childrenOf, emitted } = this.#ports;
    const { store, clock, connectivity, ground, services, steps, around, onError, dev, limits } = settings;
    const given: LiveRunPorts = {
      ...keeper,
      store,
      ownership,
      clock,
      connectivity,
      ground,
      services,
      steps,
      around,
      checkDeterminism: dev.checkDeterminism,
      limits: limitsOf(workflow, limits),
      isolation: this.#isolationOf(workflow),
      childrenOf: ({ row }) => childrenOf(row),
      emitted: ({ row }, event) => emitted(row, event),
      log: (...args) => console.log(...args),
      readInbox: ({ row }) => readNews(store, { workflow: row.workflow, run: row.run }),
      report: ({ row }, error) => onError(error, row),
    };
    this.#given.set(workflow, given);
    return given;
  }

  #isolationOf({ id: workflow, version, isolate }: AnyWorkflow): Isolation | undefined {
    const { stepWorker } = this.#ports.settings;
    return isolate && stepWorker ? { workflow, version, makeWorker: stepWorker } : undefined;
  }

  #tellUnbumped({ takesOver }: LiveRun, row: RunRow): void {
    const { registry, settings } = this.#ports;
    const { version } = registry.of(row);
    const key = `${row.workflow}@${version}`;
    if (!takesOver || version !== row.version || this.#unbumped.has(key)) return;
    this.#unbumped.add(key);
    settings.onError(unbumped(row), { workflow: row.workflow, run: row.run });
  }
}
