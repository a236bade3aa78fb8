import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** One idempotency key, as the server's ledger has it. */
export interface LedgerEntry {
  readonly key: string;
  readonly step: string;
  readonly attempts: number;
  readonly executed: number;
  readonly repeated: number;
  readonly conflicting: number;
  readonly failed: number;
}

export interface Ledger {
  readonly inFlight: number;
  readonly entries: readonly LedgerEntry[];
}

export interface Album {
  readonly approvedBy: string;
  readonly photos: readonly { readonly name: string; readonly original: string; readonly thumbnail: string }[];
}

/** A demo server in a process and a directory of its own. */
export interface DemoServer {
  readonly url: string;
  /** From now on the requests of steps named `step...` stay in the middle of their execution, from the `from`th on. */
  hold(step: string, from: number): Promise<void>;
  /** Waits until `count` requests are held; resolves with the names of the steps in flight. */
  held(count: number): Promise<string[]>;
  /** Executes what is held, and holds nothing any more. */
  release(): Promise<void>;
  connections(state: 'open' | 'dropped'): Promise<void>;
  ledger(): Promise<Ledger>;
  album(id: string): Promise<Album>;
  stop(): Promise<void>;
}

export async function startDemoServer(): Promise<DemoServer> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-demo-'));
  const main = fileURLToPath(new URL('../../demo/dist/server/main.js', import.meta.url));
  const env = { ...process.env, PORT: '0', DEMO_DATA: directory, DEMO_LATENCY_MS: '0', DEMO_TEST_HOOKS: '1' };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const url = /http:\S+/.exec(line)?.[0];
  if (url === undefined) throw new Error(`The demo server said "${line}", and no URL.`);

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(url + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  return {
    url,
    hold: (step, from) => call('POST', '/api/test/hold', { step, from }),
    held: async (count) => {
      const inFlight = await call<{ step: string }[]>('GET', `/api/test/held?count=${count}`);
      return inFlight.map(({ step }) => step);
    },
    release: () => call('POST', '/api/test/release'),
    connections: (connections) => call('PUT', '/api/connections', { connections }),
    ledger: () => call('GET', '/api/ledger'),
    album: (id) => call('GET', `/api/album/${id}`),
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
