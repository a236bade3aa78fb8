import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { bodyOf, headerOf, jsonOf, sendBytes, sendJson } from './exchange.js';
import { Ledger } from './ledger.js';
import { readPageFile } from './page-files.js';
import { type Album, PhotoShelf } from './photo-shelf.js';
import { Refusal } from './refusal.js';
import { Traffic } from './traffic.js';

export interface DemoServerOptions {
  /** Where the ledger, the pictures and the albums are kept. Made when it is not there. */
  readonly directory: string;
  /** The built page. */
  readonly page: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Wait (ms) in the middle of every keyed request, so that a person can interrupt it. */
  readonly latencyMs?: number;
  /** Opens `/api/test/...`: hold requests in the middle of their execution. Default false. */
  readonly testHooks?: boolean;
}

export interface DemoServer {
  readonly url: string;
  close(): Promise<void>;
}

interface Rooms {
  readonly ledger: Ledger;
  readonly shelf: PhotoShelf;
  readonly traffic: Traffic;
  readonly options: DemoServerOptions;
}

type Exchange = Rooms & { request: IncomingMessage; response: ServerResponse; url: URL; id: string };
type Route = (exchange: Exchange) => Promise<void>;

/** Routes by method and path; the last part of the path, where it is `:id`, is the exchange's `id`. */
const ROUTES: Record<string, Route> = {
  'POST /api/pictures': putPicture,
  'GET /api/pictures/:id': getPicture,
  'PUT /api/album/:id': putAlbum,
  'GET /api/album/:id': getAlbum,
  'GET /api/ledger': getLedger,
  'PUT /api/connections': putConnections,
};

const TEST_ROUTES: Record<string, Route> = {
  'POST /api/test/hold': async ({ traffic, request, response }) => {
    const { step, from } = jsonOf(await bodyOf(request)) as { step: string; from: number };
    traffic.hold(step, from);
    sendJson(response, 200, {});
  },
  'GET /api/test/held': async ({ traffic, url, response, ledger }) => {
    await traffic.held(Number(url.searchParams.get('count')));
    sendJson(response, 200, ledger.inFlight());
  },
  'POST /api/test/release': async ({ traffic, response }) => {
    traffic.release();
    sendJson(response, 200, {});
  },
};

/** Serves the page, executes what its steps ask for, and keeps the ledger. Listens on this machine only. */
export async function openDemoServer(options: DemoServerOptions): Promise<DemoServer> {
  await mkdir(options.directory, { recursive: true });
  const ledger = await Ledger.open(join(options.directory, 'ledger.jsonl'));
  const shelf = await PhotoShelf.open(options.directory);
  const rooms: Rooms = { ledger, shelf, traffic: new Traffic(options.latencyMs), options };
  const server = createServer((request, response) => void answer(rooms, request, response));
  const url = await listen(server, options.port);
  return { url, close: () => close(server, rooms) };
}

async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server, { ledger, traffic }: Rooms): Promise<void> {
  traffic.release();
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
  await ledger.close();
}

async function answer(rooms: Rooms, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  try {
    const { route, id } = routeOf(rooms.options, request.method ?? 'GET', url.pathname);
    await route({ ...rooms, request, response, url, id });
  } catch (error) {
    if (request.destroyed && !request.complete) return; // the client has gone: nobody to answer
    if (!(error instanceof Refusal)) console.error(error);
    const status = error instanceof Refusal ? error.status : 500;
    sendJson(response, status, { error: error instanceof Error ? error.message : String(error) });
  }
}

function routeOf({ testHooks }: DemoServerOptions, method: string, path: string): { route: Route; id: string } {
  const routes = testHooks ? { ...ROUTES, ...TEST_ROUTES } : ROUTES;
  const exact = routes[`${method} ${path}`];
  if (exact) return { route: exact, id: '' };
  const cut = path.lastIndexOf('/');
  const byId = routes[`${method} ${path.slice(0, cut)}/:id`];
  if (byId) return { route: byId, id: path.slice(cut + 1) };
  if (method === 'GET' && !path.startsWith('/api/')) return { route: getPageFile, id: '' };
  throw new Refusal(404, `There is no ${method} ${path}.`);
}

/** Executes `effect` once for the request's idempotency key, and answers. */
async function keyed(exchange: Exchange, body: Buffer, effect: () => Promise<unknown>): Promise<void> {
  const { request, response, ledger, traffic, url } = exchange;
  const keyedRequest = {
    key: headerOf(request, 'Idempotency-Key'),
    step: headerOf(request, 'Step'),
    album: headerOf(request, 'Album'),
    digest: createHash('sha256').update(`${request.method} ${url.pathname}\n`).update(body).digest('hex'),
  };
  const { outcome, answer } = await ledger.execute(keyedRequest, async () => {
    await traffic.pass(keyedRequest.step);
    return effect();
  });
  if (outcome === 'conflicting') throw new Refusal(409, 'This idempotency key was used for another request.');
  sendJson(response, 200, answer);
}

async function putPicture(exchange: Exchange): Promise<void> {
  const { request, response, traffic, shelf } = exchange;
  if (!traffic.admit(response)) return;
  const body = await bodyOf(request);
  await keyed(exchange, body, () => shelf.putPicture(body, headerOf(request, 'Content-Type')));
}

async function putAlbum(exchange: Exchange): Promise<void> {
  const { request, response, traffic, shelf, id } = exchange;
  if (!traffic.admit(response)) return;
  const body = await bodyOf(request);
  await keyed(exchange, body, () => shelf.putAlbum({ ...(jsonOf(body) as Omit<Album, 'id'>), id }));
}

async function getPicture({ shelf, id, response }: Exchange): Promise<void> {
  const picture = await shelf.getPicture(id);
  if (!picture) throw new Refusal(404, 'There is no such picture.');
  sendBytes(response, picture.body, picture.type, 'public, max-age=31536000, immutable');
}

async function getAlbum({ shelf, id, response }: Exchange): Promise<void> {
  const album = await shelf.getAlbum(id);
  if (!album) throw new Refusal(404, 'There is no such album.');
  sendJson(response, 200, album);
}

async function getLedger({ ledger, traffic, url, response }: Exchange): Promise<void> {
  const album = url.searchParams.get('album') ?? undefined;
  sendJson(response, 200, {
    ...ledger.sums(album),
    connections: traffic.dropping ? 'dropped' : 'open',
    underWay: ledger.inFlight(album),
    entries: ledger.entries(album),
  });
}

async function putConnections({ traffic, request, response }: Exchange): Promise<void> {
  const { connections } = jsonOf(await bodyOf(request)) as { connections: 'open' | 'dropped' };
  if (connections !== 'open' && connections !== 'dropped')
    throw new Refusal(400, 'Connections are "open" or "dropped".');
  traffic.drop(connections === 'dropped');
  sendJson(response, 200, { connections });
}

async function getPageFile({ options, url, response }: Exchange): Promise<void> {
  const file = await readPageFile(options.page, url.pathname);
  if (!file) throw new Refusal(404, `There is no page at ${url.pathname}.`);
  const cache = url.pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache';
  sendBytes(response, file.body, file.type, cache);
}
