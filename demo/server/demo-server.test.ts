import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DemoServer, type DemoServerOptions, openDemoServer } from './demo-server.js';

let directory: string;
let server: DemoServer;

const open = async (options: Partial<DemoServerOptions> = {}) => {
  const page = join(directory, 'page');
  await mkdir(page, { recursive: true });
  await writeFile(join(page, 'index.html'), '<h1>Photo import</h1>');
  server = await openDemoServer({ directory: join(directory, 'data'), page, port: 0, testHooks: true, ...options });
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'demo-server-'));
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const call = (path: string, method = 'GET', body?: unknown) =>
  fetch(server.url + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
const json = async <T>(path: string) => (await (await call(path)).json()) as T;
const headers = (key: string, step = 'upload:01/original') => ({
  'Idempotency-Key': key,
  Step: step,
  Album: 'trip',
  'Content-Type': 'image/png',
});
const upload = (key: string, body: string, step?: string) =>
  fetch(`${server.url}/api/pictures`, { method: 'POST', headers: headers(key, step), body });
const shaOf = (body: string) => createHash('sha256').update(body).digest('hex');

test('a picture is kept under its hash, and given back as it came', async () => {
  await open();
  expect(await (await upload('k1', 'pixels')).json()).toEqual({ sha: shaOf('pixels'), bytes: 6 });
  const picture = await call(`/api/pictures/${shaOf('pixels')}`);
  expect(picture.headers.get('content-type')).toBe('image/png');
  expect(await picture.text()).toBe('pixels');
});

test('the same key twice is one execution and one repetition in the ledger', async () => {
  await open();
  await upload('k1', 'pixels');
  expect((await upload('k1', 'pixels')).status).toBe(200);
  expect(await json('/api/ledger?album=trip')).toMatchObject({ executed: 1, repeated: 1, conflicting: 0, inFlight: 0 });
});

test('the same key for another picture is refused', async () => {
  await open();
  await upload('k1', 'pixels');
  expect((await upload('k1', 'others')).status).toBe(409);
  expect(await json('/api/ledger')).toMatchObject({ executed: 1, conflicting: 1 });
});

test('an album is published only when all of its pictures were uploaded', async () => {
  await open();
  const photos = [{ name: 'one', original: shaOf('a'), thumbnail: shaOf('b') }];
  const publish = (key: string) =>
    fetch(`${server.url}/api/album/trip`, {
      method: 'PUT',
      headers: { ...headers(key, 'publish'), 'Content-Type': 'application/json' },
      body: JSON.stringify({ approvedBy: 'ann', photos }),
    });
  await upload('k1', 'a');
  expect((await publish('p1')).status).toBe(422);
  await upload('k2', 'b');
  expect((await publish('p2')).status).toBe(200);
  expect(await json('/api/album/trip')).toEqual({ id: 'trip', approvedBy: 'ann', photos });
});

test('a held request has begun and executes at release, even when its client has gone', async () => {
  await open();
  await call('/api/test/hold', 'POST', { step: 'upload', from: 2 });
  await upload('k1', 'a');
  const gone = new AbortController();
  const second = fetch(`${server.url}/api/pictures`, {
    method: 'POST',
    headers: headers('k2', 'upload:02/original'),
    body: 'b',
    signal: gone.signal,
  });
  expect(await json('/api/test/held?count=1')).toEqual([{ key: 'k2', step: 'upload:02/original', attempt: 1 }]);
  gone.abort();
  await expect(second).rejects.toThrow();
  await call('/api/test/release', 'POST');
  await expect.poll(() => json('/api/ledger')).toMatchObject({ executed: 2, repeated: 0, inFlight: 0 });
});

test('while connections are dropped no step gets through, and the ledger is still readable', async () => {
  await open();
  await call('/api/test/hold', 'POST', { step: 'upload', from: 1 });
  const underWay = upload('k1', 'a');
  await json('/api/test/held?count=1');
  await call('/api/connections', 'PUT', { connections: 'dropped' });
  await expect(underWay).rejects.toThrow();
  await expect(upload('k2', 'b')).rejects.toThrow();
  expect(await json('/api/ledger')).toMatchObject({ connections: 'dropped', inFlight: 1, executed: 0 });
  await call('/api/test/release', 'POST');
  await call('/api/connections', 'PUT', { connections: 'open' });
  expect((await upload('k2', 'b')).status).toBe(200);
});

test.each([
  ['a picture of a kind that can carry script', 415, { ...headers('k1'), 'Content-Type': 'image/svg+xml' }],
  ['a request without a key', 400, { Step: 'upload', Album: 'trip', 'Content-Type': 'image/png' }],
])('%s is refused with %i', async (_what, status, given) => {
  await open();
  const response = await fetch(`${server.url}/api/pictures`, { method: 'POST', headers: given, body: 'x' });
  expect(response.status).toBe(status);
});

test('the page is served, and nothing beside it', async () => {
  await open();
  expect(await (await call('/')).text()).toBe('<h1>Photo import</h1>');
  expect((await call('/%2e%2e/data/ledger.jsonl')).status).toBe(404);
  expect((await call('/..%2fdata%2fledger.jsonl')).status).toBe(404);
  expect((await call('/nothing.js')).status).toBe(404);
});

test('the test hooks are not there unless they are asked for', async () => {
  await open({ testHooks: false });
  expect((await call('/api/test/release', 'POST')).status).toBe(404);
});
