import type { WorkflowTypes } from '../define/workflow.js';
import type { ErrorCode } from '../errors/index.js';
import type { Labels, PauseReason, Progress, RunStatus } from '../records/records.js';

/**
 * Where a run stands, as one host sees it: its stored status, or `parked` (this host's code can't take it up),
 * `absent` (there is no such run), `unknown` (the host has not answered yet).
 */
export type SeenStatus = RunStatus | 'parked' | 'absent' | 'unknown';

/** What a host tells of a run: plain data that crosses `postMessage`. */
export interface RunSnapshotData<T extends WorkflowTypes = WorkflowTypes> {
  /** As in XState: `active` until the run is closed. */
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  /** State value; undefined for a step function, and while it is not known (`run.status` tells why). */
  readonly value: T['value'] | undefined;
  /** Undefined likewise. */
  readonly context: T['context'] | undefined;
  readonly tags: readonly string[];
  /** Types of the events that the present state handles; `*` and `prefix.*` as in XState. Guards are not asked. */
  readonly accepts: readonly string[];
  readonly output: T['output'] | undefined;
  readonly error: unknown;
  readonly progress: Progress | undefined;
  readonly run: {
    readonly status: SeenStatus;
    readonly reasons: readonly PauseReason[];
    /** Number of the last checkpoint. */
    readonly seq: number;
    readonly labels: Labels;
    /** Why this host can't go on with it now. */
    readonly problem?: { readonly code: ErrorCode; readonly message: string };
  };
}

/** A run as an app sees it. The same object until something changes. */
export interface RunSnapshot<T extends WorkflowTypes = WorkflowTypes> extends RunSnapshotData<T> {
  /** As `snapshot.matches` of XState. */
  matches(value: unknown): boolean;
  hasTag(tag: string): boolean;
  /** Whether the present state handles events of that type. Guards are not asked: they live with the run. */
  can(event: { readonly type: string }): boolean;
}

const prototype = {
  matches(this: RunSnapshotData, value: unknown) {
    return contains(value, this.value);
  },
  hasTag(this: RunSnapshotData, tag: string) {
    return this.tags.includes(tag);
  },
  can(this: RunSnapshotData, { type }: { readonly type: string }) {
    return this.accepts.some((descriptor) => describes(descriptor, type));
  },
};

/** Gives data that has crossed its methods back. */
export function toSnapshot<T extends WorkflowTypes>(data: RunSnapshotData<T>): RunSnapshot<T> {
  return Object.freeze(Object.assign(Object.create(prototype), data)) as RunSnapshot<T>;
}

/**
 * `next`, with the parts that equal those of `previous` replaced by them: what did not change keeps its identity, so
 * selectors and memoised components see only changes. Plain objects and arrays are looked into, nothing else.
 */
export function reuse<T>(previous: unknown, next: T, within: Set<unknown> = new Set()): T {
  if (Object.is(previous, next) || !isRecord(previous) || !isRecord(next) || within.has(next)) return next;
  within.add(next);
  const reused = reusedParts(previous, next, within);
  within.delete(next);
  return reused;
}

function reusedParts<T>(previous: unknown, next: T, within: Set<unknown>): T {
  if (Array.isArray(previous) && Array.isArray(next)) {
    const parts = next.map((part, index) => reuse(previous[index], part, within));
    const same = previous.length === next.length && parts.every((part, index) => Object.is(part, previous[index]));
    return (same ? previous : parts) as T;
  }
  if (!isPlain(previous) || !isPlain(next)) return next;
  const keys = Object.keys(next);
  const parts = Object.fromEntries(keys.map((key) => [key, reuse(previous[key], next[key], within)]));
  const unchanged = (key: string) => Object.hasOwn(previous, key) && Object.is(parts[key], previous[key]);
  const same = keys.length === Object.keys(previous).length && keys.every(unchanged);
  return (same ? previous : parts) as T;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype;
}

/** What is shown before a host has answered. */
export const UNKNOWN: RunSnapshotData = {
  status: 'active',
  value: undefined,
  context: undefined,
  tags: [],
  accepts: [],
  output: undefined,
  error: undefined,
  progress: undefined,
  run: { status: 'unknown', reasons: [], seq: 0, labels: {} },
};

/** Whether the state value `whole` is in the (partial) state value `part`; `part` may be dotted. */
function contains(part: unknown, whole: unknown): boolean {
  const wanted = typeof part === 'string' ? fromDotted(part) : part;
  if (typeof wanted === 'string') {
    return typeof whole === 'string' ? whole === wanted : isRecord(whole) && Object.hasOwn(whole, wanted);
  }
  if (!isRecord(wanted) || !isRecord(whole)) return false;
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(whole, key) && contains(value, whole[key]));
}

function fromDotted(path: string): unknown {
  const [last, ...above] = path.split('.').reverse();
  return above.reduce<unknown>((value, key) => ({ [key]: value }), last);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function describes(descriptor: string, type: string): boolean {
  if (descriptor === '*' || descriptor === type) return true;
  if (!descriptor.endsWith('.*')) return false;
  const prefix = descriptor.slice(0, -2);
  return type === prefix || type.startsWith(`${prefix}.`);
}
