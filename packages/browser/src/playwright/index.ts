export { crashTab } from './crash-tab.js';
export { killWorker } from './kill-worker.js';
export { restartBrowser } from './restart-browser.js';
export { type CheckpointQuery, untilCheckpoint } from './until-checkpoint.js';
