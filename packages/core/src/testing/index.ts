export { type CheckUpgradeOptions, checkUpgrade, type UpgradeProblem } from './check-upgrade.js';
export { ManualClock } from './manual-clock.js';
export type { StoreTestDatabase, StoreTestOptions, StoreTestRunner } from './store-suite/suite.js';
export { testStore } from './store-suite.js';
