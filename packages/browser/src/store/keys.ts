import type { RunAddress } from '@holdfast/core/store';

/** Every record of one run, in the stores whose keys begin with it: an array sorts after every string and number. */
export function rangeOf(run: RunAddress): IDBKeyRange {
  return IDBKeyRange.bound(address(run), [...address(run), []]);
}

/** The history of a run up to a checkpoint. */
export function historyUpTo(run: RunAddress, seq: number): IDBKeyRange {
  return IDBKeyRange.bound(address(run), [...address(run), seq]);
}

export function address({ workflow, run }: RunAddress): [workflow: string, run: string] {
  return [workflow, run];
}
