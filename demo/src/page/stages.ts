import type { HistoryRow } from '@holdfast/core';

/** The steps of one photo, in their order. */
export const STAGES = ['hash', 'thumbnail', 'upload original', 'upload thumbnail'] as const;
export type Stage = (typeof STAGES)[number];

export type StageStatus = 'completed' | 'retrying';

/** How far each photo is, by its number; a stage that nothing was checkpointed of is not there. */
export type StagesByPhoto = ReadonlyMap<string, ReadonlyMap<Stage, StageStatus>>;

/** Reads the steps' state out of the run's checkpoints. */
export function stagesOf(rows: readonly HistoryRow[]): StagesByPhoto {
  const photos = new Map<string, Map<Stage, StageStatus>>();
  for (const { arrival } of rows) {
    const step = arrival.kind === 'step' ? stageOf(arrival.name ?? '') : undefined;
    if (!step || (arrival.outcome !== 'completed' && arrival.outcome !== 'retrying')) continue;
    const stages = photos.get(step.photo) ?? new Map<Stage, StageStatus>();
    photos.set(step.photo, stages.set(step.stage, arrival.outcome));
  }
  return photos;
}

/** Steps that are completed, of all that the import has. */
export function countOf(rows: readonly HistoryRow[], photos: number, skipped: number): { done: number; total: number } {
  const completed = rows.filter(({ arrival: { kind, outcome } }) => kind === 'step' && outcome === 'completed');
  const [uploadsEach, publishing] = [2, 2];
  return { done: completed.length, total: photos * STAGES.length - skipped * uploadsEach + publishing };
}

function stageOf(step: string): { photo: string; stage: Stage } | undefined {
  const [, name = '', photo = '', variant] = /^(\w+):(\d+)(?:\/(\w+))?$/.exec(step) ?? [];
  const stage = (variant ? `${name} ${variant}` : name) as Stage;
  return STAGES.includes(stage) ? { photo, stage } : undefined;
}
