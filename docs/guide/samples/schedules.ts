import { defineWorkflow, fromSteps } from '@holdfast/core';
import { schedule } from '@holdfast/core/schedules';
import { openHoldfast } from '@holdfast/node';

const report = defineWorkflow({
  id: 'report',
  version: 1,
  logic: fromSteps({ types: {} as { input: { day: string } } }, async ({ input, step }) =>
    step('write', () => `Report of ${input.day}`),
  ),
});

export async function open() {
  // Sample: schedule
  const daily = schedule(report, {
    id: 'daily-report',
    cron: '0 6 * * mon-fri',
    timeZone: 'Europe/Berlin',
    input: (occurrence) => ({ day: occurrence.toISOString().slice(0, 10) }),
    catchUp: 'last',
    overlap: 'skip',
  });
  const holdfast = await openHoldfast({ directory: '.holdfast', workflows: [report], schedules: [daily] });
  // End
  return holdfast;
}
