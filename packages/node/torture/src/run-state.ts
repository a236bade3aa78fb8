/** What a model run was asked to become, in words of its own: plain data, so that it crosses a pipe. */
export type Ask =
  | { readonly kind: 'start' | 'restart'; readonly stamp: number; readonly input: string; readonly files: Texts }
  | {
      readonly kind: 'commit';
      readonly durability: 'strict' | 'relaxed';
      readonly stamp: number;
      /** The run's seq afterwards: one more, or, where only its head is written anew, the same. */
      readonly seq: number;
      readonly put: Texts;
      readonly remove: readonly string[];
      readonly files: Texts;
      readonly forget?: number;
      /** Ids of the events it takes. */
      readonly taken: readonly string[];
    }
  | { readonly kind: 'delete' }
  | { readonly kind: 'prune'; readonly stamp: number };

/** Texts by id. */
export type Texts = Readonly<Record<string, string>>;

/** What there is of a run, without its inbox: that is what was accepted since its `life` began, without `taken`. */
export interface RunState {
  /** Rises whenever all that it had goes. */
  readonly life: number;
  /** Undefined while there is no such run. */
  readonly row?: { readonly seq: number; readonly stamp: number; readonly status: 'queued' | 'running' | 'pruned' };
  readonly values: Texts;
  readonly files: Texts;
  readonly history: readonly number[];
  readonly taken: readonly string[];
}

const EMPTY = { values: {}, files: {}, history: [], taken: [] } as const;

export const NO_RUN: RunState = { life: 0, ...EMPTY };

/** The state after what was asked. */
export function after(state: RunState, ask: Ask): RunState {
  const life = state.life + 1;
  switch (ask.kind) {
    case 'delete':
      return { life, ...EMPTY };
    case 'prune':
      return { life, row: { seq: state.row?.seq ?? 0, stamp: ask.stamp, status: 'pruned' }, ...EMPTY };
    case 'start':
    case 'restart': {
      const row = { seq: 0, stamp: ask.stamp, status: 'queued' as const };
      return { ...EMPTY, life, row, values: { input: ask.input }, files: ask.files };
    }
    case 'commit': {
      const kept = Object.entries(state.values).filter(([id]) => !ask.remove.includes(id));
      const counts = ask.seq > (state.row?.seq ?? 0);
      const history = [...state.history, ...(counts ? [ask.seq] : [])].filter((seq) => seq > (ask.forget ?? 0));
      return {
        life: state.life,
        row: { seq: ask.seq, stamp: ask.stamp, status: 'running' },
        values: { ...Object.fromEntries(kept), ...ask.put },
        files: { ...state.files, ...ask.files },
        history,
        taken: [...state.taken, ...ask.taken],
      };
    }
  }
}
