import { acceptTests } from './store-suite/accept-tests.js';
import { holds, same } from './store-suite/assert.js';
import { commitTests } from './store-suite/commit-tests.js';
import { ownerTests } from './store-suite/owner-tests.js';
import { readTests } from './store-suite/read-tests.js';
import { removalTests } from './store-suite/removal-tests.js';
import { declaring, type StoreTestOptions, type StoreTestRunner } from './store-suite/suite.js';
import { transactionTests } from './store-suite/transaction-tests.js';
import { valueTests } from './store-suite/value-tests.js';

/**
 * Declares the tests of the contract of `Store` for one store; a test's number is the point of the contract it
 * defends. It needs nothing but `test` of the runner, so it runs under vitest, jest, node:test and in a page.
 *
 * @example
 * testStore({ test }, { name: 'my store', open: async () => {
 *   const file = await freshFile();
 *   return { connect: () => openMyStore(file), destroy: () => removeFile(file) };
 * } });
 */
export function testStore(runner: StoreTestRunner, options: StoreTestOptions): void {
  const { shared = true, attachments = true, transact = false } = options.supports ?? {};
  const test = declaring(runner, options);
  test('claims what it is tested for', async ({ connect }) => {
    const { supports, name, transact: has } = await connect();
    const { powerLoss } = supports;
    same({ shared: supports.shared, attachments: supports.attachments }, { shared, attachments }, 'supports');
    same(has !== undefined, transact, 'transact');
    holds(typeof powerLoss === 'boolean' && name !== '', 'it has a name, and says whether it survives power loss');
  });
  commitTests(test);
  acceptTests(test, { shared });
  readTests(test, { shared });
  removalTests(test, { attachments });
  valueTests(test, { attachments });
  ownerTests(test, { shared });
  if (transact) transactionTests(test);
}
