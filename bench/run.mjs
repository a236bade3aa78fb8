// `npm run bench`: measures, tells, and never judges. See README.md for its options.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BENCHES } from './benches.mjs';
import { describeMachine, describeVersions } from './lib/machine.mjs';
import { measure } from './lib/measure.mjs';
import { showBench, showMachine } from './lib/table.mjs';

/** @param {readonly string[]} args */
function optionsOf(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      entrants: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      json: { type: 'string' },
      profile: { type: 'string' },
      short: { type: 'boolean', default: false },
      why: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.short ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds} is no whole number from 1.`);
  return { ...values, rounds };
}

/** @param {readonly string[]} args */
async function main(args) {
  const { only, entrants, rounds, json, profile, short, why } = optionsOf(args);
  const benches = BENCHES.filter(({ name }) => only.length === 0 || only.includes(name)).map((bench) => ({
    ...bench,
    entrants: bench.entrants.filter(
      ({ name }) => entrants.length === 0 || entrants.some((part) => name.includes(part)),
    ),
  }));
  if (benches.length === 0) throw new Error(`--only takes ${BENCHES.map(({ name }) => name).join(', ')}.`);
  const startedAt = new Date().toISOString();
  const about = { startedAt, rounds, short, machine: await describeMachine(), versions: await describeVersions() };
  console.log(showMachine(about));
  const results = [];
  for await (const result of measure(benches, { rounds, short, profile, why })) {
    console.log(`\n${showBench(result)}`);
    results.push(result);
    if (json) writeFileSync(json, `${JSON.stringify({ ...about, benches: results }, null, 2)}\n`);
  }
}

await main(process.argv.slice(2));
