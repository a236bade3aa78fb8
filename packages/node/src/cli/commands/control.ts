import { randomUUID } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';
import { type Control, type Duration, toMs } from '@holdfast/core/client';
import type { RunAddress } from '@holdfast/core/store';
import type { Call } from '../call.js';
import { confirm } from '../confirm.js';
import { counted } from '../counted.js';
import { EXIT } from '../exit-codes.js';
import { readData, toJson } from '../json.js';
import { type Reach, withReach } from '../reach.js';
import { addressOf, findRun, runsOf } from '../store-at.js';
import { plain } from '../terminal.js';
import { tellTrouble } from '../trouble.js';

export interface SendOptions {
  readonly data?: string;
  readonly eventId?: string;
}

/** `holdfast send`. */
export async function send(call: Call, id: string, type: string, { data, eventId }: SendOptions): Promise<number> {
  const event = { ...(data === undefined ? {} : fieldsOf(await readData(data, call.stdin))), type };
  return reaching(call, async (reach) => {
    const row = await findRun(reach.store, id);
    const options = eventId === undefined ? {} : { id: eventId };
    await reach.holdfast.run(row.workflow, row.run).send(event, options);
    tell(call, `${addressOf(row)} was sent ${type}.`, { ...addressParts(row), sent: event });
    return EXIT.ok;
  });
}

/** `holdfast pause`, `resume`, `retry`, `cancel`, `terminate`. */
export function control(call: Call, ids: readonly string[], asked: Control): Promise<number> {
  return reaching(call, async (reach) => {
    const rows = await Promise.all(ids.map((id) => findRun(reach.store, id)));
    for (const row of rows) await ask(call, reach, row, asked);
    return EXIT.ok;
  });
}

export interface SureOptions {
  readonly yes?: boolean;
}

/** `holdfast delete`. */
export function remove(call: Call, ids: readonly string[], { yes = false }: SureOptions): Promise<number> {
  return reaching(call, async (reach) => {
    const rows = await Promise.all(ids.map((id) => findRun(reach.store, id)));
    await confirm(call, yes, `Delete ${rows.map(addressOf).join(', ')}, with all of their records?`);
    for (const row of rows) await ask(call, reach, row, { control: 'delete' });
    return EXIT.ok;
  });
}

export interface PruneOptions extends SureOptions {
  readonly closedBefore: Duration;
  readonly workflow?: string;
}

/** `holdfast prune`: deletes runs that ended longer ago. */
export function prune(call: Call, { closedBefore, workflow, yes = false }: PruneOptions): Promise<number> {
  const before = Date.now() - toMs(closedBefore, '--closed-before');
  return reaching(call, async (reach) => {
    const status = ['done', 'failed', 'cancelled'] as const;
    const closed = await runsOf(reach.store, { status, ...(workflow === undefined ? {} : { workflow }) });
    const rows = closed.filter(({ closedAt = Number.POSITIVE_INFINITY }) => closedAt < before);
    if (rows.length > 0) await confirm(call, yes, `Delete ${counted(rows.length, 'run')} with all of their records?`);
    for (const row of rows) await controlOne(reach, row, { control: 'delete' });
    tell(call, `${counted(rows.length, 'run')} to be deleted.`, { control: 'delete', runs: rows.map(addressOf) });
    return EXIT.ok;
  });
}

function reaching(call: Call, use: (reach: Reach) => Promise<number>): Promise<number> {
  return withReach(call.directory, (error) => tellTrouble(call.terminal, call, error), use);
}

function controlOne({ control }: Reach, { workflow, run }: RunAddress, asked: Control): Promise<void> {
  return control({ workflow, run, callId: randomUUID(), control: asked });
}

async function ask(call: Call, reach: Reach, row: RunAddress, asked: Control): Promise<void> {
  await controlOne(reach, row, asked);
  tell(call, `${addressOf(row)}: ${asked.control}`, { ...addressParts(row), control: asked.control });
}

function addressParts({ workflow, run }: { workflow: string; run: string }) {
  return { workflow, run };
}

function tell({ terminal, json }: Call, line: string, data: object): void {
  terminal.out(json ? toJson({ kind: 'accepted', ...data }) : plain(line));
}

function fieldsOf(data: unknown): object {
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data;
  throw new HoldfastError('EVENT_INVALID', {
    message: '--data is not an object, so it is no part of an event.',
    remedy: 'Give its fields, as in --data \'{"by":"ann"}\'.',
  });
}
