import { HoldfastError, isHoldfastError } from '@holdfast/core';
import type {
  Acceptance,
  Accepted,
  Checkpoint,
  Durability,
  Ownership,
  RunAddress,
  Store,
  StoreChange,
} from '@holdfast/core/store';
import { Rivals } from '../claims/rivals.js';
import { Channel } from '../wire/channel.js';
import { storeLost } from '../wire/store-lost.js';
import { type Accepting, acceptTogether } from './accept.js';
import { commitTogether, type Refusal } from './commit.js';
import { Connection, type Source } from './connection.js';
import { failureOf } from './failure.js';
import { Group } from './group.js';
import type { HostSide } from './host-side.js';
import { ownAcceptance, ownCheckpoint } from './own-copy.js';
import { acquireOwnership, type Held } from './ownership.js';
import { readDue, readHeadOf, readHistory, readInbox, readPage, readRun } from './read.js';
import type { Database } from './schema.js';
import { Trouble } from './trouble.js';
import { Wakes } from './wakes.js';
import { assertTables, type Begun, writeLocally } from './write-locally.js';

const STEAL_AFTER_MS = 10_000;

export interface StoreOverOptions {
  readonly source: Source;
  readonly openMs: number;
  readonly host: HostSide;
  /** Begins a transaction over Holdfast's tables and these; where there is none, the database has no others. */
  readonly begin?: (db: Database, tables: readonly string[], durability: Durability) => Begun | Promise<Begun>;
}

/** A store whose database may be lost. */
export interface BrowserStore extends Store {
  /** Of the database as it is now; opens it. @throws store codes. */
  incarnation(): Promise<string | undefined>;
}

/** A store over the tables of {@link Source}. Nothing is opened before its first use. */
export function storeOver({ source, openMs, host, begin }: StoreOverOptions): BrowserStore {
  const { name } = source;
  const { hosts, standing, stealAfterMs = STEAL_AFTER_MS, durability = 'strict', ended, following } = host;
  const trouble = new Trouble((error) => following?.trouble(error));
  const connection = new Connection(source, openMs, { opened, failed });
  const wakes = new Wakes(new Channel(`holdfast:${name}`));
  const rivals = new Rivals(name, stealAfterMs, standing);
  const closing = new AbortController();
  const held = new Map<number, Held>();
  const owned = () => [...held.values()].at(-1);
  const commits = new Group<Checkpoint, undefined>(write);
  const acceptances = new Group<Accepting, Accepted>(accept);
  const closeChannels = () => {
    wakes.close();
    rivals.close();
  };
  ended?.addEventListener('abort', closeChannels, { once: true });

  function opened(incarnation: string): void {
    for (const ownership of held.values()) {
      if (ownership.incarnation !== incarnation) ownership.lose(storeLost(name, incarnation));
    }
    trouble.opened();
    following?.found(incarnation);
  }

  function failed(error: HoldfastError): void {
    if (error.code === 'STORE_FORMAT') for (const ownership of held.values()) ownership.lose(error);
    trouble.notOpened(error);
  }

  async function write(checkpoints: readonly Checkpoint[]): Promise<Refusal[]> {
    const writing = connection.use((db) =>
      commitTogether(db, checkpoints, { durability, ownerOf: (epoch) => held.get(epoch) }),
    );
    const refusals = await trouble.watch(checkpoints, writing);
    wakes.committed(checkpoints.filter((_, at) => !refusals[at]));
    for (const [at, refusal] of refusals.entries()) {
      if (refusal?.code === 'STORE_FENCED') held.get((checkpoints[at] as Checkpoint).epoch)?.lose(refusal);
    }
    return refusals;
  }

  async function accept(accepting: readonly Accepting[]): Promise<readonly (Accepted | HoldfastError)[]> {
    const fresh = owned()?.fresh;
    for (const { acceptance } of accepting) if (acceptance.kind === 'start') fresh?.expect(acceptance);
    const outcomes = await connection.use((db) => acceptTogether(db, accepting, durability));
    const news: RunAddress[] = [];
    for (const [at, outcome] of outcomes.entries()) {
      const met = 'row' in outcome ? outcome.row : undefined;
      // A queued run that is there may be of a call whose worker died before it told the owner.
      const isNews = 'outcome' in outcome && (!met || met.status === 'queued');
      const { acceptance } = accepting[at] as Accepting;
      if (isNews) news.push(met ?? acceptance.row);
      if ('outcome' in outcome) learn(acceptance, outcome);
    }
    wakes.accepted(news);
    return outcomes;
  }

  /** Another tab has accepted something. */
  function heard(change: StoreChange): void {
    if ('run' in change) owned()?.fresh.forget(change);
  }

  /** While the epoch is its own, nobody else has written to a run since it was started. */
  function learn(acceptance: Acceptance, { outcome }: Accepted): void {
    const owner = owned();
    if (outcome !== 'started' || acceptance.kind !== 'start') {
      owner?.fresh.forget(acceptance.row);
      return;
    }
    owner?.seqs.learn(acceptance.row, 0);
    owner?.fresh.learn(acceptance);
  }

  const transact =
    (begin: NonNullable<StoreOverOptions['begin']>): NonNullable<Store['transact']> =>
    async (claim, perform, conclude) => {
      open();
      const { epoch, tables } = claim;
      const owner = held.get(epoch);
      const writing = connection.use(async (db) => {
        assertTables(db, tables);
        return writeLocally(await begin(db, tables, durability), claim, owner?.incarnation, { perform, conclude });
      });
      owner?.fresh.forget(claim);
      const forget = () => owner?.seqs.take(claim);
      forget();
      void writing.then(forget, forget);
      const { fault, trouble: ofStore } = await writing.catch((error: unknown) => {
        if (isHoldfastError(error, 'STORE_FENCED')) owner?.lose(error);
        throw error;
      });
      if (fault) throw fault.error;
      if (ofStore) throw failureOf(ofStore.error, name);
      wakes.committed([{ ...claim, ops: [] }]);
    };

  async function acquire({ signal }: { signal?: AbortSignal } = {}): Promise<Ownership> {
    open();
    trouble.clear();
    const over = AbortSignal.any([closing.signal, ended, signal].filter((one) => one !== undefined));
    const ownership = await acquireOwnership(connection, over, rivals, { hosts, ended });
    if (closing.signal.aborted) await ownership.giveBack();
    open();
    if (held.size === 0) wakes.listen(heard);
    held.set(ownership.epoch, ownership);
    return ownership;
  }

  async function close(): Promise<void> {
    closing.abort();
    await Promise.all([commits.idle(), acceptances.idle()]);
    await Promise.all([...held.values()].map((ownership) => ownership.giveBack()));
    await connection.close();
    closeChannels();
  }

  const open = () => {
    if (closing.signal.aborted) throw new HoldfastError('CLOSED', { message: `The store ${name} is closed.` });
  };
  const reading = <A extends unknown[], R>(read: (db: Database, ...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      open();
      return connection.use((db) => read(db, ...args));
    };
  };

  const load = reading((db, run: RunAddress) => readRun(db, run));

  return {
    name,
    supports: { powerLoss: durability === 'strict', shared: true, attachments: true },
    acquire,
    async commit(checkpoint) {
      open();
      held.get(checkpoint.epoch)?.fresh.forget(checkpoint);
      return commits.add(ownCheckpoint(checkpoint));
    },
    ...(begin && { transact: transact(begin) }),
    async accept(acceptance) {
      open();
      return acceptances.add({ acceptance: ownAcceptance(acceptance), incarnation: connection.incarnation });
    },
    async load(run) {
      open();
      return owned()?.fresh.of(run) ?? load(run);
    },
    head: reading((db, run: RunAddress) => readHeadOf(db, run)),
    list: reading(readPage),
    due: reading(readDue),
    inbox: reading(readInbox),
    history: reading(readHistory),
    incarnation: reading(async () => connection.incarnation),
    watch: (listener: (change: StoreChange) => void) =>
      wakes.listen((change) => {
        // Who hears of it reads the run at once.
        heard(change);
        listener(change);
      }),
    close,
  };
}
