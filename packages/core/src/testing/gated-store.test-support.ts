import type { Checkpoint, Store } from '../store/store.js';

/** A store whose commits wait to be let through, one by one, or to be refused. */
export interface GatedStore {
  readonly store: Store;
  /** Checkpoints waiting, oldest first. */
  readonly waiting: readonly { readonly checkpoint: Checkpoint }[];
  /** Lets the oldest waiting commit through, waiting for one to come. */
  pass(): Promise<Checkpoint>;
  /** Refuses it with `error`. */
  refuse(error: unknown): Promise<void>;
  /** From now on everything passes. */
  open(): void;
}

export function gate(inner: Store): GatedStore {
  const waiting: { checkpoint: Checkpoint; go: () => void; refuse: (error: unknown) => void }[] = [];
  let isOpen = false;
  let arrived = () => {};
  const next = async () => {
    while (waiting.length === 0) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    }
    return waiting.shift() as (typeof waiting)[number];
  };
  return {
    waiting,
    store: {
      ...inner,
      async commit(checkpoint) {
        if (!isOpen) {
          await new Promise<void>((go, refuse) => {
            waiting.push({ checkpoint, go, refuse });
            arrived();
          });
        }
        return inner.commit(checkpoint);
      },
    },
    async pass() {
      const { checkpoint, go } = await next();
      go();
      return checkpoint;
    },
    async refuse(error) {
      (await next()).refuse(error);
    },
    open() {
      isOpen = true;
      for (const { go } of waiting.splice(0)) go();
    },
  };
}
