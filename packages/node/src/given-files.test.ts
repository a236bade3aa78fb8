import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunRow, Store } from '@holdfast/core/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openFileStore } from './file-store.js';

const address = { workflow: 'w', run: 'r' };
const head = { ...address, key: 'k', version: 1, seq: 0, status: 'queued', reasons: [] } as const;
const row: RunRow = { ...head, createdAt: 0, updatedAt: 0 };

let directory: string;
let given: string;
let store: Store;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
  given = join(directory, 'given.bin');
  await writeFile(given, 'given');
  store = await openFileStore({ directory: join(directory, 'store') });
  await store.acquire();
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

const start = async (blob: Blob) =>
  store.accept({ kind: 'start', row, input: { text: '1' }, attachments: [{ id: 'f', blob }] });

test('a file that was handed over may go once it was accepted', async () => {
  await start(await openAsBlob(given));
  await rm(given);
  const stored = (await store.load(address))?.attachments.get('f') as Blob | undefined;
  expect(await stored?.text()).toBe('given');
});

test('a file that is gone before it was stored has a code, and nothing is stored', async () => {
  const blob = await openAsBlob(given);
  await rm(given);
  const outcome = await start(blob).catch((error: unknown) => error);
  expect((outcome as { code?: string }).code).toBe('FILE_UNREADABLE');
  expect(await store.load(address)).toBeUndefined();
});
