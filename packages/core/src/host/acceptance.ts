import { runPruned } from '../client/outcome.js';
import type { Control, ControlRequest, SendRequest, StartRequest } from '../client/protocol.js';
import { AttachmentBook, decode, encode, sameText } from '../codec/index.js';
import type { ControlBody } from '../decide/control.js';
import { toMs } from '../define/duration.js';
import type { Limits } from '../define/limits.js';
import { SCHEDULES } from '../define/schedule.js';
import { isHoldfastError } from '../errors/index.js';
import {
  type Beginning,
  type Encoded,
  type InboxRow,
  isClosed,
  queuedRow,
  type RunAddress,
  type RunRow,
} from '../records/records.js';
import { unknownRun } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { assertEvent, assertInput, limitsOf } from './acceptable.js';
import { beginningOf } from './beginning.js';
import type { Changes } from './changes.js';
import type { News } from './news.js';
import type { Clock } from './ports.js';
import { inputDiffers, runExists } from './refusals.js';
import type { Registry } from './registry.js';

export interface AcceptancePorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly registry: Registry;
  /** Of the host. */
  readonly limits: Limits;
  readonly changes: Changes;
  /** Ends whoever waits here. */
  readonly closing: AbortSignal;
  /** Something was accepted for that run: whoever owns the store is to see to it. */
  accepted(address: RunAddress, news?: News): void;
  changed(address: RunAddress): void;
}

/** How long a machine has to end by itself once it is offered `holdfast.cancel`, in ms. */
const CANCEL_TIMEOUT_MS = 30_000;

/**
 * Takes starts, events and controls in, for any run, in any host.
 *
 * Owns: nothing; what it accepts is the store's. Never: what becomes of it.
 * 1. What is acknowledged is durable, and is told to the host.
 * 2. A call that is repeated under its id has no second effect.
 * 3. What the newest definition of a workflow refuses, or what is beyond its limits, is not stored.
 */
export class Acceptance {
  readonly #ports: AcceptancePorts;

  constructor(ports: AcceptancePorts) {
    this.#ports = ports;
  }

  /** @param parent the run whose step function starts it. */
  async start(request: StartRequest, parent?: RunAddress): Promise<RunAddress> {
    const { store, clock, registry, accepted: tell, changed } = this.#ports;
    const { workflow, run, input, ifExists, callId } = request;
    const definition = registry.newest(workflow);
    assertInput(definition, input, this.#limits(workflow));
    const begin = { ...beginningOf(definition, request), ...(parent ? { parent } : {}) };
    const now = clock.now();
    const { value, fresh } = new AttachmentBook().toStored(input);
    const row = queuedRow({ workflow, run, key: callId, ...begin }, now);
    const accepted = await store.accept({ kind: 'start', row, input: value, attachments: fresh });
    if (accepted.outcome === 'singleton') return this.#meet(accepted.row, request, parent);
    if (accepted.outcome === 'exists' && accepted.row.key !== callId) {
      if (ifExists === 'restart') return this.#restart(request, begin);
      if (accepted.row.status === 'pruned') throw runPruned(request);
      if (ifExists === 'fail') throw runExists(request);
      if (!sameText(accepted.input, value)) throw inputDiffers(request);
    }
    changed({ workflow, run });
    // One that is there and queued may be of a call whose answer was lost, and known to nobody.
    if (accepted.outcome !== 'exists' || accepted.row.status === 'queued') tell({ workflow, run });
    return { workflow, run };
  }

  async send({ workflow, run, id, event, until }: SendRequest): Promise<void> {
    assertEvent(this.#ports.registry.all(workflow), event, this.#limits(workflow));
    const n = await this.#accept({ workflow, run }, 'event', id, event);
    if (until === 'processed') await this.#untilTaken({ workflow, run }, n);
  }

  async control({ workflow, run, callId, control }: ControlRequest): Promise<void> {
    const address = { workflow, run };
    const body = toBody(control, workflow);
    // A repeated call may find its own work done; that there is nothing left is what it asks for.
    if (!(await this.#ports.store.head(address))) return;
    const n = await this.#accept(address, 'control', callId, encode(body, 'control'));
    await this.#untilTaken(address, n);
  }

  /** Asks a run to end, and waits for nothing; where it has ended, or is gone, there is nothing to ask. */
  async ask(address: RunAddress, callId: string): Promise<void> {
    if (await this.#isOver(address)) return;
    const body = encode(toBody({ control: 'cancel' }, address.workflow), 'control');
    await this.#accept(address, 'control', callId, body).catch((error) => {
      if (!isHoldfastError(error, 'RUN_UNKNOWN')) throw error;
    });
  }

  /** A start met the one run there may be: gives that one, or starts when it has ended. */
  async #meet({ workflow, run, status }: RunRow, request: StartRequest, parent?: RunAddress): Promise<RunAddress> {
    const { registry, changes, closing, accepted: tell } = this.#ports;
    const address = { workflow, run };
    if (status === 'queued') tell(address);
    if (registry.newest(workflow).singleton?.onConflict !== 'cancel') return address;
    await this.control({ ...address, callId: `${request.callId} cancels`, control: { control: 'cancel' } });
    await changes.until(address, () => this.#isOver(address), closing);
    return this.start(request, parent);
  }

  /** Replaces a run by a new one; resolves when the new one is there. */
  async #restart({ workflow, run, input, callId }: StartRequest, begin: Beginning): Promise<RunAddress> {
    const address = { workflow, run };
    const body = encode({ control: 'restart', begin, input: decode(input) } satisfies ControlBody, 'input');
    const n = await this.#accept(address, 'control', callId, body);
    await this.#untilTaken(address, n);
    return address;
  }

  async #accept(address: RunAddress, lane: InboxRow['lane'], id: string, body: Encoded): Promise<number> {
    const { store, clock, accepted: tell } = this.#ports;
    const { value, fresh } = new AttachmentBook().toStored(body);
    const row = { ...address, lane, id, acceptedAt: clock.now(), body: value };
    const limit = lane === 'event' ? { limit: this.#limits(address.workflow).inboxLength } : {};
    const accepted = await store.accept({ kind: 'inbox', row, attachments: fresh, ...limit });
    if (accepted.outcome !== 'queued') throw unknownRun(address.workflow, address.run);
    const { n } = accepted;
    const attachments = new Map(fresh.map(({ id, blob }) => [id, blob] as const));
    tell(address, { rows: [{ ...row, n }], attachments });
    return n;
  }

  /** Resolves when the inbox row `n` has left the inbox, in whichever host. */
  #untilTaken(address: RunAddress, n: number): Promise<void> {
    const { store, changes, closing } = this.#ports;
    const taken = async () => (await store.inbox(address)).every((row) => row.n !== n);
    return changes.until(address, taken, closing);
  }

  async #isOver(address: RunAddress): Promise<boolean> {
    return isClosed((await this.#ports.store.head(address))?.status ?? 'done');
  }

  /** Of the version that new runs take. */
  #limits(workflow: string): Limits {
    return limitsOf(this.#ports.registry.newest(workflow), this.#ports.limits);
  }
}

/** @throws `OPTION_INVALID`. */
function toBody(control: Control, workflow: string): ControlBody {
  if (control.control !== 'cancel') return control as ControlBody;
  // There is nothing to be offered its end.
  if (workflow === SCHEDULES) return { control: 'terminate' };
  const { timeout = CANCEL_TIMEOUT_MS } = control;
  return { control: 'cancel', timeoutMs: toMs(timeout, 'timeout of cancel()') };
}
