import type { Labels, RunStatus } from '@holdfast/core';
import { THERE } from '@holdfast/core/store';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Call } from './call.js';
import { compact } from './commands/compact.js';
import {
  control,
  type PruneOptions,
  prune,
  remove,
  type SendOptions,
  type SureOptions,
  send,
} from './commands/control.js';
import { type ListOptions, list } from './commands/list.js';
import { type RunOptions, run } from './commands/run.js';
import { type ServeOptions, serve } from './commands/serve.js';
import { show } from './commands/show.js';
import { verify } from './commands/verify.js';
import { watch } from './commands/watch.js';

const STATUSES: readonly RunStatus[] = [...THERE, 'pruned'];

const EXIT_CODES = `
Exit codes:
  0   done as asked
  1   the run failed, was cancelled or deleted
  2   arguments, a module, an input or an event are not as they have to be
  3   no such store, run or workflow
  4   the store is owned by another process, or can't be read or written
  5   the store is damaged, or of an unknown format
  6   the run does not go on here: it is paused or parked
  70  unforeseen: say it again with --debug
  130, 143  ended by SIGINT or SIGTERM before the run had
`;

/** Performs one command; gives its exit code. */
export type Perform = (options: { dir: string; json: boolean; debug: boolean }, act: Act) => Promise<void>;
type Act = (call: Call) => Promise<number>;

/** The command line: names, options and help; what they do is in `commands/`. */
export function createProgram(perform: Perform, version: string): Command {
  const program = new Command('holdfast')
    .description('Hosts durable workflows over a directory of plain files, and looks after their runs.')
    .version(version)
    .option('--dir <directory>', 'where the checkpoints are', '.holdfast')
    .option('--json', 'print JSON, one value a line', false)
    .option('--debug', 'tell where errors come from', false)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help tells how it is used)')
    .addHelpText('after', EXIT_CODES);
  const command = (usage: string, summary: string, examples: readonly string[]) => {
    const lines = examples
      .map((example) => `  ${example.includes('| holdfast') ? '' : 'holdfast '}${example}`)
      .join('\n');
    return program.command(usage).description(summary).addHelpText('after', `\nExamples:\n${lines}\n`);
  };
  const performing = (act: Act) => perform(program.opts(), act);
  hosting(command, performing);
  looking(command, performing);
  controlling(command, performing);
  caring(command, performing);
  return program;
}

type Declare = (usage: string, summary: string, examples: readonly string[]) => Command;
type Performing = (act: Act) => Promise<void>;

function hosting(command: Declare, perform: Performing): void {
  command('run <module>', 'starts a run of the workflow that a module exports, and hosts it until it has ended', [
    'run import.mjs --input files.json --id trip-2026',
    'run import.mjs --id trip-2026                             goes on with it after a crash',
    'echo \'{"n":3}\' | holdfast run import.mjs --input - --json',
  ])
    .option('--input <file>', 'its input: a file of JSON, or - for what is piped in')
    .option('--id <id>', 'its id, unique in its workflow (default: a new one); one that is there goes on')
    .option('--workflow <id>', 'which workflow, where the module exports several')
    .option('--until-waiting', 'end as soon as it waits for an event or a deadline')
    .action((module: string, options: RunOptions) => perform((call) => run(call, module, options)));
  command('serve <modules...>', 'hosts all runs of the workflows that modules export', [
    'serve import.mjs approval.mjs',
    'serve import.mjs --drain --json      from a cron job: runs what is due, and tells when to come again',
  ])
    .option('--standby', 'while another process hosts the store, wait, and take over when it ends')
    .option('--drain', 'end when nothing runs any more, and tell the next deadline')
    .action((modules: string[], options: ServeOptions) => perform((call) => serve(call, modules, options)));
}

function looking(command: Declare, perform: Performing): void {
  command('list', 'lists runs', ['list --status waiting paused', 'list --workflow import --label user=ann --json'])
    .option('--workflow <id>', 'of that workflow')
    .addOption(new Option('--status <status...>', 'of one of these').choices(STATUSES))
    .option('--label <name=value>', 'with that label; may be given several times', label)
    .option('--limit <n>', 'at most so many', count, 1000)
    .action((options: ListOptions) => perform((call) => list(call, options)));
  command('show <run>', 'tells all of a run: checkpoints, steps, timers, inbox, dead letters', [
    'show trip-2026',
    'show import/trip-2026 --json',
  ]).action((id: string) => perform((call) => show(call, id)));
  command('watch [run]', 'shows what goes on, as it goes; a single run until it has ended', [
    'watch',
    'watch trip-2026 --json',
  ]).action((id: string | undefined) => perform((call) => watch(call, id)));
}

function controlling(command: Declare, perform: Performing): void {
  command('send <run> <type>', 'sends an event to a run', [
    'send trip-2026 APPROVE --data \'{"by":"ann"}\'',
    'send trip-2026 PAYMENT --data @payment.json --event-id payment-17',
  ])
    .option('--data <json>', 'its other fields: JSON, @file of JSON, or - for what is piped in')
    .option('--event-id <id>', 'its id: a repeated one is processed once (default: a new one)')
    .action((id: string, type: string, options: SendOptions) => perform((call) => send(call, id, type, options)));
  for (const [name, summary] of CONTROLS) {
    command(`${name} <runs...>`, summary, [`${name} trip-2026`, `${name} import/trip-2026 import/trip-2027`]).action(
      (ids: string[]) => perform((call) => control(call, ids, { control: name })),
    );
  }
  command('cancel <runs...>', 'asks runs to end: machines are told, steps are undone', [
    'cancel trip-2026',
    'cancel trip-2026 --timeout 5m',
  ])
    .option('--timeout <duration>', 'how long a machine has to end by itself', '30s')
    .action((ids: string[], { timeout }: { timeout: string }) =>
      perform((call) => control(call, ids, { control: 'cancel', timeout: timeout as '30s' })),
    );
}

const CONTROLS = [
  ['terminate', 'ends runs at once: nothing is asked or undone'],
  ['pause', 'pauses runs: what is under way ends, nothing begins'],
  ['resume', 'lets paused runs go on'],
  ['retry', 'lets runs go on that are paused because tries of a step were used up'],
] as const;

function caring(command: Declare, perform: Performing): void {
  const sure = ['--yes', 'do not ask'] as const;
  command('delete <runs...>', 'ends runs and removes all of their records', ['delete trip-2026 --yes'])
    .option(...sure)
    .action((ids: string[], options: SureOptions) => perform((call) => remove(call, ids, options)));
  command('prune', 'deletes runs that ended longer ago', ['prune --closed-before 30d --yes'])
    .requiredOption('--closed-before <duration>', 'as in 30d or 12h')
    .option('--workflow <id>', 'only those of that workflow')
    .option(...sure)
    .action((options: PruneOptions) => perform((call) => prune(call, options)));
  command('verify', 'reads all of a store, and tells all that is damaged', ['verify --dir /backup/holdfast']).action(
    () => perform(verify),
  );
  command('compact', 'gives back the space that a store does not need', ['compact --dir .holdfast']).action(() =>
    perform(compact),
  );
}

function label(pair: string, before: Labels = {}): Labels {
  const at = pair.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It has to be name=value.');
  return { ...before, [pair.slice(0, at)]: pair.slice(at + 1) };
}

function count(text: string): number {
  const n = Number(text);
  if (Number.isInteger(n) && n > 0) return n;
  throw new InvalidArgumentError('It has to be a whole number from 1.');
}
