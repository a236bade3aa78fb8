import { createHash } from 'node:crypto';
import { LOADS, NOTES, SAILS } from '../../pages/voyage/workflow.js';
import type { Interruption, Logbook } from './voyage.js';

const ASKING = [...LOADS, ...SAILS, ...NOTES.map((n) => `log:${n}`), 'land'];
const LOCAL = ['weigh', 'anchor', ...NOTES.map((n) => `note-${n}`)];
const CARGO = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);

/**
 * What is wrong with a voyage, by the ledger and the run's history: nothing, if every step completed once and was asked
 * for under one key, and again only where an interruption cut it off; no completed one was; the history has no gap, and no
 * commit of an owner that another had followed; and what was accepted was processed once.
 */
export function faultsOf(book: Logbook): string[] {
  return [...faultsOfOutput(book), ...faultsOfHistory(book), ...ASKING.flatMap((step) => faultsOfStep(book, step))];
}

function faultsOfOutput({ output }: Logbook): string[] {
  const weight = createHash('sha256').update(CARGO).digest('hex');
  return [
    ...(output.weight === weight ? [] : [`the cargo is ${output.weight}, not ${weight}`]),
    ...(output.notes.join() === NOTES.join() ? [] : [`the notes are ${output.notes.join()}`]),
  ];
}

function faultsOfHistory({ completed, seqs, epochs }: Logbook): string[] {
  const [is, should] = [[...completed].sort().join(), [...ASKING, ...LOCAL].sort().join()];
  const gaps = seqs.filter((seq, at) => seq !== at + 1);
  const stale = epochs.filter((epoch, at) => epoch < (epochs[at - 1] ?? 0));
  return [
    ...(is === should ? [] : [`completed: ${is}`]),
    ...(gaps.length === 0 ? [] : [`the history has gaps: ${seqs.join()}`]),
    ...(stale.length === 0 ? [] : [`a stale epoch has committed: ${epochs.join()}`]),
  ];
}

function faultsOfStep({ asks, interruptions }: Logbook, step: string): string[] {
  const keys = new Set(asks.filter((ask) => ask.step === step).map(({ key }) => key));
  const at = asks.flatMap((ask, index) => (ask.step === step ? [index] : []));
  const cut = (from: number, to: number) => interruptions.filter((one) => one.from <= to && one.to > from);
  const unexplained = at.slice(1).filter((again, index) => cut(at[index] ?? 0, again).length === 0);
  const touching = cut(at[0] ?? 0, at.at(-1) ?? 0).length;
  return [
    ...(keys.size === 1 ? [] : [`${step} has ${keys.size} keys`]),
    ...unexplained.map((again) => `${step} was asked for again (request ${again}), and nothing had cut it off`),
    ...(at.length - 1 <= touching ? [] : [`${step} was asked for ${at.length} times, over ${touching} interruptions`]),
    ...interruptions.flatMap((one) => afterCompletion(one, step, at)),
  ];
}

function afterCompletion({ seen, from, kind, place }: Interruption, step: string, at: readonly number[]): string[] {
  if (!seen.includes(step) || !at.some((index) => index >= from)) return [];
  return [`${step} was completed, and was asked for again after "${kind}" (${place.at} ${place.what})`];
}
