import { appendFileSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {{ step: number, key: string, phase: 'begin' | 'end' }} Entry */

/** @param {string} folder */
const fileIn = (folder) => join(folder, 'ledger.jsonl');

/**
 * The world outside the job: a file in which each step's body leaves its traces. Every line is on disk before `write`
 * returns.
 * @param {string} folder
 */
export function openLedger(folder) {
  const file = openSync(fileIn(folder), 'a');
  return {
    /** @param {Entry} entry */
    write(entry) {
      appendFileSync(file, `${JSON.stringify(entry)}\n`);
      fsyncSync(file);
    },
  };
}

/** @param {string} folder @returns {Entry[]} */
export function readLedger(folder) {
  if (!existsSync(fileIn(folder))) return [];
  const lines = readFileSync(fileIn(folder), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/**
 * What the ledger shows of a job.
 * @param {readonly Entry[]} entries
 */
export function count(entries) {
  const steps = new Set(entries.map(({ step }) => step));
  /** @param {number} step @param {Entry['phase']} phase */
  const times = (step, phase) => entries.filter((entry) => entry.step === step && entry.phase === phase).length;
  /** @param {number} step */
  const keys = (step) => new Set(entries.filter((entry) => entry.step === step).map(({ key }) => key)).size;
  const all = [...steps];
  return {
    steps: steps.size,
    completedOnce: all.filter((step) => times(step, 'end') === 1).length,
    rerunInFlight: all.filter((step) => times(step, 'begin') > 1).length,
    /** Steps that ran again after they had completed, or more than twice, or under another key. */
    wrong: all.filter((step) => times(step, 'end') !== 1 || times(step, 'begin') > 2 || keys(step) !== 1),
  };
}
