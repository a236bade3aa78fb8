export { type CheckUpgradeOptions, checkUpgrade, type UpgradeProblem } from './check-upgrade.js';
export {
  type CrashDifference,
  type CrashOptions,
  type CrashReport,
  crashEverywhere,
  findDifferences,
} from './crash-everywhere.js';
export { createTestHoldfast, type TestHoldfast, type TestHoldfastOptions } from './create-test-holdfast.js';
export { type Fault, type FaultyStore, faultyStore, type StoreOperation } from './faulty-store.js';
export { ManualClock } from './manual-clock.js';
export type { Scenario, ScenarioControl, ScenarioEvent, World } from './scenario.js';
export type { LocalTable, StoreTestDatabase, StoreTestOptions, StoreTestRunner } from './store-suite/suite.js';
export { testStore } from './store-suite.js';
