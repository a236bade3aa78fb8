import { AttachmentBook, decode, encode } from '../codec/index.js';
import { SCHEDULES, type Schedule } from '../define/schedule.js';
import { HoldfastError, isHoldfastError } from '../errors/index.js';
import {
  isClosed,
  queuedRow,
  type RunAddress,
  type RunRow,
  type StoredRun,
  type StoredValue,
} from '../records/records.js';
import type { Store } from '../store/store.js';
import type { Changes } from './changes.js';
import { dueOf } from './occurrences.js';
import type { Clock } from './ports.js';
import { FIRST_RETRY_MS } from './problems.js';

export interface SchedulerPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly changes: Changes;
  /** Starts a run, if it is not there. */
  start(address: RunAddress, input: unknown): Promise<unknown>;
  /** The store has told of a change of that run. */
  changed(address: RunAddress): void;
  onError(error: unknown, address: RunAddress): void;
}

/** What a schedule remembers; instants in ms. */
interface Memory {
  /** All occurrences up to this one are handled: started, waiting or left out. */
  readonly last: number;
  /** The one whose run was started last. */
  readonly started?: number;
  /** To be started when the run before has ended, in this order. */
  readonly waiting: readonly number[];
}

/** Id of the value in which it is stored. */
const MEMORY = 'memory';

/**
 * Starts runs by the calendar, while its host owns the store.
 *
 * What a schedule remembers is a run of its own, of the workflow {@link SCHEDULES}, which is never executed: so it is
 * stored, fenced, listed (with its next occurrence as its deadline), paused and deleted as any run, in every store. What
 * is not in the code any more is not looked at, and has lost nothing when it comes back.
 *
 * Owns: what schedules remember. Never: the runs it starts.
 * 1. What was handled is remembered before a run of it is started, and that it was started after: a crash in between
 *    starts it again, under the same id, so it is there once.
 * 2. At most one run of a schedule has not ended.
 */
export class Scheduler {
  readonly #schedules: readonly Schedule[];
  readonly #ports: SchedulerPorts;
  #end: AbortController | undefined;

  /** @throws `OPTION_INVALID` when two have one id. */
  constructor(schedules: readonly Schedule[], ports: SchedulerPorts) {
    const ids = schedules.map(({ id }) => id);
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    if (twice !== undefined) throw sameId(twice);
    this.#schedules = schedules;
    this.#ports = ports;
  }

  keeps(id: string): boolean {
    return this.#schedules.some((schedule) => schedule.id === id);
  }

  /** Whether one of them has not been begun yet, or has an occurrence that is to be started now. */
  async isBehind(): Promise<boolean> {
    const behind = await Promise.all(this.#schedules.map((schedule) => this.#isBehind(schedule)));
    return behind.includes(true);
  }

  async #isBehind(schedule: Schedule): Promise<boolean> {
    const stored = await this.#ports.store.load({ workflow: SCHEDULES, run: schedule.id });
    const memory = stored && memoryIn(stored);
    if (!memory) return true;
    if (stored.row.status !== 'waiting' || memory.waiting.length === 0) return false;
    return memory.started === undefined || isOver(await this.#ports.store.head(runOf(schedule, memory.started)));
  }

  /** The host has become the owner, under that epoch. */
  begin(epoch: number): void {
    this.#end = new AbortController();
    for (const schedule of this.#schedules) void this.#keep(schedule, epoch, this.#end.signal);
  }

  /** It is the owner no more. */
  stop(): void {
    this.#end?.abort();
  }

  async #keep(schedule: Schedule, epoch: number, signal: AbortSignal): Promise<void> {
    const address = { workflow: SCHEDULES, run: schedule.id };
    while (!signal.aborted) {
      try {
        await this.#turn(schedule, epoch, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#ports.onError(error, address);
        await this.#until(this.#ports.clock.now() + FIRST_RETRY_MS, [], signal);
      }
    }
  }

  /** Does what is due, then waits until something may be. */
  async #turn(schedule: Schedule, epoch: number, signal: AbortSignal): Promise<void> {
    const { row, memory } = await this.#recall(schedule);
    const own = { address: row, holds: async () => (await this.#ports.store.head(row))?.seq !== row.seq };
    if (row.status === 'paused' || isClosed(row.status)) return this.#until(undefined, [own], signal);
    const before = runOf(schedule, memory.started);
    const ended = { address: before, holds: async () => isOver(await this.#ports.store.head(before)) };
    const isBusy = memory.started !== undefined && !(await ended.holds());
    const after = takeIn(schedule, memory, isBusy, this.#ports.clock.now());
    const next = schedule.next(after.last);
    if (signal.aborted) return;
    if (after !== memory || row.nextDeadlineAt !== next) return this.#remember(row, after, next, epoch);
    const [first, ...waiting] = memory.waiting;
    if (first === undefined) return this.#until(next, [own], signal);
    if (isBusy) return this.#until(next, [own, ended], signal);
    await this.#start(schedule, first);
    if (!signal.aborted) await this.#remember(row, { ...memory, started: first, waiting }, next, epoch);
  }

  /** One that can't be started is told of, and left out; trouble of the store passes. */
  async #start(schedule: Schedule, occurrence: number): Promise<void> {
    const address = runOf(schedule, occurrence);
    try {
      await this.#ports.start(address, schedule.inputOf(occurrence));
    } catch (error) {
      // It was started before the host died, and its input is not made the same twice.
      if (isHoldfastError(error, 'RUN_INPUT_DIFFERS')) return;
      if (isHoldfastError(error) && (error.code.startsWith('STORE_') || error.code === 'CLOSED')) throw error;
      this.#ports.onError(error, address);
    }
  }

  async #recall(schedule: Schedule): Promise<{ row: RunRow; memory: Memory }> {
    const { store, clock } = this.#ports;
    const address = { workflow: SCHEDULES, run: schedule.id };
    const stored = await store.load(address);
    const memory = stored && memoryIn(stored);
    if (memory) return { row: stored.row, memory };
    const now = clock.now();
    const row = stored?.row ?? queuedRow({ ...address, key: SCHEDULES, version: 1 }, now);
    if (!stored) await store.accept({ kind: 'start', row, input: toValue(undefined) });
    return { row, memory: { last: now, waiting: [] } };
  }

  async #remember(row: RunRow, memory: Memory, next: number | undefined, epoch: number): Promise<void> {
    const { store, clock, changed } = this.#ports;
    const { workflow, run, seq: after } = row;
    const { nextDeadlineAt: _, ...rest } = row;
    const deadline = next === undefined ? {} : { nextDeadlineAt: next };
    const head: RunRow = { ...rest, seq: after + 1, status: 'waiting', updatedAt: clock.now(), ...deadline };
    const ops = [
      { op: 'run', row: head },
      { op: 'put', id: MEMORY, value: toValue(memory) },
    ] as const;
    await store.commit({ workflow, run, epoch, after, durability: 'strict', ops });
    changed({ workflow, run });
  }

  /** Resolves at that instant, when one of those changes has come about, or at the end of `signal`. */
  async #until(
    at: number | undefined,
    changes: readonly { address: RunAddress; holds: () => Promise<boolean> }[],
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, changes: told } = this.#ports;
    if (signal.aborted) return;
    const end = new AbortController();
    const either = AbortSignal.any([end.signal, signal]);
    await new Promise<void>((resolve, reject) => {
      const cancel = at === undefined ? () => {} : clock.at(at, () => end.abort());
      either.addEventListener('abort', () => {
        cancel();
        resolve();
      });
      const failed = (error: unknown) => {
        if (!either.aborted) reject(error);
        end.abort();
      };
      for (const { address, holds } of changes) told.until(address, holds, either).then(() => end.abort(), failed);
    });
  }
}

/** The same memory, when nothing is due. */
function memoryIn({ values }: StoredRun): Memory | undefined {
  const value = values.get(MEMORY);
  return value && (decode({ text: value.text, blobs: [] }) as Memory);
}

function takeIn(schedule: Schedule, memory: Memory, isBusy: boolean, now: number): Memory {
  const { missed, onTime } = dueOf(schedule, memory.last, now);
  const handled = onTime.at(-1) ?? schedule.previous(now + 1) ?? memory.last;
  if (handled <= memory.last) return memory;
  const waiting = [...memory.waiting, ...missed];
  for (const occurrence of onTime) {
    const isFree = !isBusy && waiting.length === 0;
    if (isFree || schedule.overlap === 'queue') waiting.push(occurrence);
  }
  return { ...memory, last: handled, waiting };
}

function sameId(schedule: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', {
    message: `Two schedules have the id "${schedule}".`,
    remedy: "Give each an `id` of its own; the default is the workflow's.",
    details: { option: 'schedules', schedule },
  });
}

function runOf({ id, workflow }: Schedule, occurrence = 0): RunAddress {
  return { workflow, run: `${id}@${new Date(occurrence).toISOString()}` };
}

function isOver(row: RunRow | undefined): boolean {
  return row === undefined || isClosed(row.status);
}

function toValue(value: unknown): StoredValue {
  return new AttachmentBook().toStored(encode(value, MEMORY)).value;
}
