import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@holdfast/core/store';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFileSystem } from '../file-system.js';
import { openFileStore } from '../index.js';
import { presentOwner } from '../owner/owner-file.js';
import { nodeProcesses } from '../owner/processes.js';

let directory: string;
let store: Store;
let socket: Socket;
let heard: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-'));
  store = await openFileStore({ directory });
  await store.acquire();
  const owner = await presentOwner({ directory, fileSystem: nodeFileSystem, processes: nodeProcesses });
  socket = createConnection(owner?.socket ?? '');
  heard = '';
  socket.on('data', (text) => {
    heard += text;
  });
  await says('{"holdfast":1}');
});
afterEach(async () => {
  socket.destroy();
  await store.close();
  await rm(directory, { recursive: true });
});

/** Resolves when the owner has said that. */
async function says(line: string): Promise<void> {
  while (!heard.includes(`${line}\n`)) await once(socket, 'data');
}

describe('the owner takes nothing from its socket for granted', () => {
  test.each([
    ['no JSON', 'hello'],
    ['no object', '3'],
    ['no question', '{"n":1}'],
    ['a question that it does not know', '{"n":1,"question":"commit","asks":{}}'],
    ['a name of every object', '{"n":1,"question":"constructor","asks":{}}'],
    ['a run without an address', '{"n":1,"question":"load","asks":{"workflow":"w"}}'],
    ['an address that is none', '{"n":1,"question":"head","asks":{"workflow":{},"run":[]}}'],
    ['nothing to ask', '{"n":1,"question":"list","asks":null}'],
  ])('%s ends the connection, and nothing else', async (_, line) => {
    socket.write(`${line}\n`);
    await once(socket, 'close');
    expect(await store.list()).toEqual({ rows: [] });
  });

  test('a line without an end is not kept', async () => {
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    for (let sent = 0; sent < 3; sent++) socket.write('x'.repeat(1 << 20));
    await closed;
  });

  test('what comes in pieces is put together', async () => {
    const line = '{"n":7,"question":"list","asks":{}}\n{"n":8,"question":"ping","asks":{}}\n';
    for (const character of line) socket.write(character);
    await says('{"n":7,"answer":{"rows":[]}}');
    await says('{"n":8,"answer":null}');
  });

  test('the end of the owner ends the connection', async () => {
    await store.close();
    await once(socket, 'close');
  });
});
