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
 * Owns: which workflows it was told of that their version was not raised: once each. Never: the runs it has made.
 */
export class Revival {
  readonly #ports: RevivalPorts;
  /** `workflow@version`. */
  readonly #unbumped = new Set<string>();

  constructor(ports: RevivalPorts) {
    this.#ports = ports;
  }

  /** @throws `WORKFLOW_UNKNOWN`, `VERSION_UNFIT`, what `Decider` throws. */
  revive(stored: StoredRun, ownership: Ownership, keeper: Keeper): LiveRun {
    const { settings, registry, childrenOf, emitted } = this.#ports;
    const { store, clock, connectivity, ground, services, steps, around, onError, dev, limits } = settings;
    const workflow = registry.of(stored.row);
    const live = new LiveRun(workflow, stored, {
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
    });
    this.#tellUnbumped(live, stored.row);
    return live;
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
