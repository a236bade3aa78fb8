import type { FoundRun } from '../../pages/power-cut/main.js';
import { NOTES } from '../../pages/power-cut/workflow.js';
import type { Ask } from '../step-ledger.js';

/** What was told to the outside before a power cut. */
export interface Told {
  readonly starts: readonly string[];
  readonly notes: readonly { readonly id: string; readonly n: number }[];
  /** Checkpoints that the page has seen. */
  readonly seqs: readonly { readonly id: string; readonly seq: number }[];
  /** Steps that have asked, under which epoch. */
  readonly asks: readonly { readonly id: string; readonly turn: number; readonly epoch: number }[];
}

/** Reads a ledger's requests: `told/start/ID`, `told/note/ID/N`, `told/seq/ID/SEQ`, `ask/ID/TURN/EPOCH`. */
export function toldOf(asks: readonly Ask[]): Told {
  const paths = asks.map(({ step }) => step.split('/'));
  const of = (...start: string[]) =>
    paths.filter((path) => start.every((part, at) => path[at] === part)).map((path) => path.slice(start.length));
  return {
    starts: of('told', 'start').map(([id = '']) => id),
    notes: of('told', 'note').map(([id = '', n]) => ({ id, n: Number(n) })),
    seqs: of('told', 'seq').map(([id = '', seq]) => ({ id, seq: Number(seq) })),
    asks: of('ask').map(([id = '', turn, epoch]) => ({ id, turn: Number(turn), epoch: Number(epoch) })),
  };
}

/** What was told and is not found: a strict store has none. */
export function lossesOf({ starts, notes, seqs }: Told, found: readonly FoundRun[]): string[] {
  const runs = new Map(found.map((run) => [run.id, run]));
  const has = (id: string, n: number) => {
    const { taken = 0, waiting = [] } = runs.get(id) ?? {};
    return n <= taken || waiting.includes(n);
  };
  return [
    ...starts.filter((id) => !runs.has(id)).map((id) => `the start of ${id}`),
    ...notes.filter(({ id, n }) => !has(id, n)).map(({ id, n }) => `note ${n} of ${id}`),
    ...seqs
      .filter(({ id, seq }) => seq > (runs.get(id)?.seq ?? 0))
      .map(({ id, seq }) => `checkpoint ${seq} of ${id}, of which there are ${runs.get(id)?.seq ?? 0}`),
  ];
}

/** What no store may hold, strict or relaxed: half of a checkpoint, a gap, an order of its own. */
export function faultsOf(found: readonly FoundRun[]): string[] {
  return found.flatMap(({ id, seq, history, taken, waiting }) => {
    const seqs = history.map((row) => row.seq);
    const epochs = history.map(({ epoch }) => epoch);
    const next = waiting.map((_, at) => taken + 1 + at);
    return [
      ...(seqs.every((one, at) => one === at + 1) ? [] : [`the history of ${id} has gaps: ${seqs.join()}`]),
      ...(seqs.length === seq ? [] : [`${id} is at ${seq}, its history at ${seqs.length}`]),
      ...(epochs.every((one, at) => one >= (epochs[at - 1] ?? 0)) ? [] : [`epochs of ${id} fall: ${epochs.join()}`]),
      ...(waiting.join() === next.join() ? [] : [`after ${taken} notes there wait in ${id}: ${waiting.join()}`]),
    ];
  });
}

/** Runs that did not take each note once, in order. */
export function misnoted(outputs: ReadonlyMap<string, readonly number[]>): string[] {
  const all = Array.from({ length: NOTES }, (_, at) => at + 1).join();
  return [...outputs].filter(([, notes]) => notes.join() !== all).map(([id, notes]) => `${id} took ${notes.join()}`);
}

/** Epochs that steps were told in two of the lives that cuts have ended, or in a wrong order. */
export function repeatedEpochs(lives: readonly Told[]): string[] {
  const highest = (told: readonly Told[]) => Math.max(0, ...told.flatMap(({ asks }) => asks.map(({ epoch }) => epoch)));
  return lives.flatMap(({ asks }, life) => {
    const before = highest(lives.slice(0, life));
    const known = [...new Set(asks.map(({ epoch }) => epoch).filter((epoch) => epoch <= before))];
    return known.map((epoch) => `after cut ${life} steps were told epoch ${epoch}, before it ${before}`);
  });
}

/** Steps that the store had as completed, and that asked again. */
export function repeatsOf(found: readonly FoundRun[], after: Told): string[] {
  const completed = new Set(found.flatMap((run) => run.completed.map((name) => `${run.id} ${name}`)));
  return after.asks
    .filter(({ id, turn }) => completed.has(`${id} log-${turn}`))
    .map(({ id, turn }) => `step ${turn} of ${id} had been completed, and asked again`);
}
