import { checkOptions, type Kind, TEXT } from '../define/options.js';
import { HoldfastError } from '../errors/index.js';
import { waitingInFull } from './inbox-limit.js';
import { draftOf, type MemoryTables } from './memory-tables.js';
import type { Accepted, Checkpoint, Claim, Ownership, Store, StoreChange } from './store.js';
import { assertFollows, Tables } from './tables.js';

/** What several memory stores share to act as several connections to one database. */
export interface MemoryDatabase {
  readonly tables: Tables;
  epoch: number;
  /** The last epoch that was released. */
  released: number;
  lastN: number;
  /** Waits of hosts that want to be the owner, oldest first. */
  readonly waiting: (() => void)[];
  owner: symbol | undefined;
  readonly connections: Set<(change: StoreChange) => void>;
  /** The app's; without them no store of it takes a `step.transaction`. */
  readonly local?: MemoryTables;
  /** Resolves when the last transaction over them has ended: they are made one after the other. */
  written: Promise<unknown>;
}

/** An empty database; hand it to several `createMemoryStore` calls to play several tabs. */
export function createMemoryDatabase(options: { local?: MemoryTables } = {}): MemoryDatabase {
  checkOptions(options, 'createMemoryDatabase', { local: ['a Map', (local: unknown) => local instanceof Map] });
  return {
    ...options,
    written: Promise.resolve(),
    tables: new Tables(),
    epoch: 0,
    released: 0,
    lastN: 0,
    waiting: [],
    owner: undefined,
    connections: new Set(),
  };
}

const DATABASE: Kind = ['what createMemoryDatabase gives', ({ tables }: MemoryDatabase) => tables instanceof Tables];

/**
 * The reference store: durable as long as `database` is. For tests and for trying things out.
 *
 * @example
 * const database = createMemoryDatabase();
 * const host = createHost({ store: createMemoryStore({ database }), workflows });
 */
export function createMemoryStore(options: { database?: MemoryDatabase; name?: string } = {}): Store {
  checkOptions(options, 'createMemoryStore', { database: DATABASE, name: TEXT });
  const { database = createMemoryDatabase(), name = 'memory' } = options;
  let closed = false;
  let tellClosed = () => {};
  const closing = new Promise<void>((tell) => {
    tellClosed = tell;
  });
  const held = new Set<() => void>();
  const listeners = new Set<(change: StoreChange) => void>();
  const hear = (change: StoreChange) => {
    for (const listener of listeners) listener(change);
  };
  database.connections.add(hear);

  const open = () => {
    if (closed) throw new HoldfastError('CLOSED', { message: `The store ${name} is closed.` });
  };
  const tell = (change: StoreChange) => {
    for (const connection of database.connections) if (connection !== hear) queueMicrotask(() => connection(change));
  };

  async function acquire({ signal }: { signal?: AbortSignal } = {}): Promise<Ownership> {
    open();
    const me = Symbol('owner');
    const goOn = () => {
      if (!signal?.aborted && !closed) return;
      throw new HoldfastError('CLOSED', { message: 'The wait for the store was ended.' });
    };
    goOn();
    while (database.owner !== undefined) {
      await new Promise<void>((resolve) => {
        database.waiting.push(resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      });
      goOn();
    }
    database.owner = me;
    const afterCrash = database.released !== database.epoch;
    const epoch = ++database.epoch;
    const lost = new AbortController();
    const giveBack = () => {
      held.delete(giveBack);
      if (database.owner !== me) return;
      database.owner = undefined;
      for (const wake of database.waiting.splice(0)) wake();
    };
    const release = async () => {
      if (database.owner === me) database.released = epoch;
      giveBack();
    };
    held.add(giveBack);
    return { epoch, afterCrash, lost: lost.signal, release };
  }

  async function commit(checkpoint: Checkpoint): Promise<void> {
    open();
    assertFirm(checkpoint);
    apply(checkpoint);
  }

  function assertFirm(at: Omit<Claim, 'tables'>): void {
    if (at.epoch !== database.epoch) {
      throw new HoldfastError('STORE_FENCED', {
        message: `Epoch ${at.epoch} was fenced by epoch ${database.epoch}.`,
        details: { epoch: at.epoch, present: database.epoch },
      });
    }
    assertFollows(at, database.tables.head(at)?.seq);
  }

  function apply({ workflow, run, ops }: Checkpoint): void {
    database.tables.apply({ workflow, run }, ops);
    tell({ kind: 'committed', workflow, run });
  }

  async function transact(local: MemoryTables, ...args: Parameters<NonNullable<Store['transact']>>): Promise<void> {
    const { written } = database;
    const writing = written.then(() => write(local, ...args));
    // One that never ends, as its host was killed, keeps nobody else waiting.
    database.written = Promise.race([closing, writing.catch(() => {})]);
    return writing;
  }

  async function write(
    local: MemoryTables,
    ...[claim, perform, conclude]: Parameters<NonNullable<Store['transact']>>
  ): Promise<void> {
    open();
    assertFirm(claim);
    const draft = draftOf(local, claim.tables, name);
    const result = await perform(draft.transaction);
    // No lock kept another owner out meanwhile.
    open();
    assertFirm(claim);
    const checkpoint = conclude(result);
    draft.commit();
    apply(checkpoint);
  }

  async function accept(acceptance: Parameters<Store['accept']>[0]): Promise<Accepted> {
    open();
    const { tables } = database;
    const { workflow, run } = acceptance.row;
    if (acceptance.kind === 'start') {
      const existing = tables.load(acceptance.row);
      if (existing) {
        return { outcome: 'exists', row: existing.row, input: existing.values.get('input') ?? { text: '' } };
      }
      const singleton = tables.singleton(acceptance.row);
      if (singleton) return { outcome: 'singleton', row: singleton };
      tables.start(acceptance.row, acceptance.input, acceptance.attachments);
      tell({ kind: 'accepted', workflow, run });
      return { outcome: 'started' };
    }
    if (!tables.takes(acceptance.row)) throw unknownRun(workflow, run);
    const full = tables.inboxLength(acceptance.row) >= (acceptance.limit ?? Infinity);
    const waiting = full ? waitingInFull(tables.inbox(acceptance.row), acceptance) : undefined;
    if (waiting !== undefined) return { outcome: 'queued', n: waiting };
    const n = ++database.lastN;
    tables.enqueue({ ...acceptance.row, n }, acceptance.attachments);
    tell({ kind: 'accepted', workflow, run });
    return { outcome: 'queued', n };
  }

  const reading = <A extends unknown[], R>(read: (...args: A) => R) => {
    return async (...args: A): Promise<R> => {
      open();
      return read(...args);
    };
  };
  const { tables, local } = database;

  return {
    name,
    supports: { powerLoss: false, shared: true, attachments: true },
    acquire,
    commit,
    ...(local && { transact: (...args: Parameters<NonNullable<Store['transact']>>) => transact(local, ...args) }),
    accept,
    load: reading((address) => tables.load(address)),
    head: reading((address) => tables.head(address)),
    list: reading((query) => tables.list(query)),
    due: reading((limit) => tables.due(limit)),
    inbox: reading((address) => tables.inbox(address)),
    history: reading((address, page) => tables.history(address, page)),
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      tellClosed();
      database.connections.delete(hear);
      for (const giveBack of [...held]) giveBack();
      for (const wake of database.waiting.splice(0)) wake();
    },
  };
}

/** The error of a call that names a run which is not in the store. */
export function unknownRun(workflow: string, run: string): HoldfastError {
  return new HoldfastError('RUN_UNKNOWN', {
    message: `There is no run "${run}" of workflow "${workflow}".`,
    remedy: 'Start it first, or check both ids.',
    details: { workflow, run },
  });
}
