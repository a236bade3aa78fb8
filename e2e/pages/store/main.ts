import { createIndexedDbStore } from '@holdfast/browser/store';
import { testStore } from '@holdfast/core/testing';

const bodies = new Map<string, () => Promise<void>>();

testStore(
  { test: (name, body) => bodies.set(name, body) },
  {
    name: 'IndexedDB',
    open: async () => {
      const name = `suite-${crypto.randomUUID()}`;
      return {
        connect: async () => createIndexedDbStore({ name }),
        destroy: () => deleted(name),
      };
    },
  },
);

/** Fails when a connection was left open. */
function deleted(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`${name} has an open connection`));
  });
}

const page = {
  createIndexedDbStore,
  async runSuiteTest(name: string): Promise<void> {
    const body = bodies.get(name);
    if (!body) throw new Error(`There is no test "${name}".`);
    await body();
  },
};

/** What the tests do in this page. */
export type StorePage = typeof page;
Object.assign(globalThis, { page });
