import type { Store, StoreManifest } from '../../store/store.js';

/** The one thing the suite needs of a test runner: vitest's, jest's and node:test's `test` all fit. */
export interface StoreTestRunner {
  test(name: string, body: () => Promise<void>): unknown;
}

/** An empty table of the app's in a database under test, with rows of which the key is all that matters. */
export interface LocalTable {
  readonly table: string;
  /** Puts a row, within what a store hands to `perform`. */
  put(transaction: unknown, key: string): PromiseLike<unknown>;
  /** Of the rows that are stored. */
  keys(): PromiseLike<readonly string[]>;
}

/** A fresh, empty database, of which connections are opened. */
export interface StoreTestDatabase {
  /** Needed where the store claims `transact`. */
  readonly local?: LocalTable;
  /** Opens a connection. Several are open at a time only where the store claims `shared`. */
  connect(): Promise<Store>;
  /** Called after the test, when every connection is closed. */
  destroy?(): Promise<void>;
}

export interface StoreTestOptions {
  /** Stands before the name of each test. */
  name: string;
  /** What the store under test claims; default `shared` and `attachments`. That it does claim it is tested first. */
  supports?: Partial<Pick<StoreManifest, 'shared' | 'attachments'>> & { transact?: boolean };
  /** A fresh database for each test. */
  open(): Promise<StoreTestDatabase>;
}

/** What one test of the suite works with: `connect` opens connections, which are closed when the test ends. */
export interface StoreTestContext {
  connect(): Promise<Store>;
  readonly local: LocalTable | undefined;
}

/** How the suite's parts declare tests. */
export type Declare = (name: string, body: (context: StoreTestContext) => Promise<void>) => void;

/** Makes `Declare` for one store under test. */
export function declaring(runner: StoreTestRunner, options: StoreTestOptions): Declare {
  return (name, body) => {
    runner.test(`${options.name}: ${name}`, async () => {
      const database = await options.open();
      const stores: Store[] = [];
      const connect = async () => {
        const store = await database.connect();
        stores.push(store);
        return store;
      };
      try {
        await body({ connect, local: database.local });
      } finally {
        for (const store of stores) await store.close();
        await database.destroy?.();
      }
    });
  };
}
