import { type Ask, answerCalls, callsTo } from '../wire/calls.js';
import type { Hello, HostWorker, PageApi, Serving, WorkerApi } from '../wire/wire.js';
import { unreachable } from './errors.js';

export type RemoteWorker = Ask<WorkerApi>;

export interface SessionOptions {
  makeWorker(): HostWorker;
  /** @param host name of the worker */
  hello(host: string): Hello;
  /** What the worker may call. */
  readonly page: PageApi;
  readonly readyMs: number;
}

/** The life of one worker, from its making to its death. */
export interface Session {
  /** The worker once it is connected; rejects with `HOST_UNREACHABLE`, or with what the worker refused. */
  readonly ready: Promise<RemoteWorker>;
  /** Resolves when the worker has died of something else than `end`. */
  readonly died: Promise<void>;
  /** Kills the worker. Neither of the two settles any more. */
  end(): void;
}

/**
 * Makes a worker and connects to it.
 * 1. `ready` settles within `readyMs`, or at once with the error of a script that can't run.
 * 2. A death is told whatever its cause: the browser grants the lock that the worker held.
 * 3. Nothing of a session is left when it has ended: no worker, no lock request, no timer, no listener.
 */
export function openSession(options: SessionOptions): Session {
  const ended = new AbortController();
  const { signal } = ended;
  let worker: HostWorker | undefined;
  let tellDeath = () => {};
  const died = new Promise<void>((resolve) => {
    tellDeath = resolve;
  });

  const connect = async () => {
    worker = make(options);
    const { alive } = await serving(worker, signal);
    void untilReleased(alive, signal).then((released) => released && tellDeath());
    answerCalls(worker, options.page, signal);
    const remote: RemoteWorker = callsTo(worker, signal);
    await remote('connect', options.hello(alive));
    return remote;
  };
  const deadBefore = died.then(() => {
    throw unreachable('died', 'The worker died while it was being connected.');
  });
  const ready = Promise.race([connect(), deadBefore, timeout(options.readyMs, signal)]);
  return {
    ready,
    died,
    end() {
      ended.abort();
      worker?.terminate();
    },
  };
}

function make({ makeWorker }: SessionOptions): HostWorker {
  try {
    return makeWorker();
  } catch (cause) {
    throw unreachable('script', `The worker could not be made: ${String(cause)}`, cause);
  }
}

/** The worker's announcement; rejects when its script can't run. */
function serving(worker: HostWorker, signal: AbortSignal): Promise<Serving> {
  return new Promise((resolve, reject) => {
    const heard = new AbortController();
    const listening = { signal: AbortSignal.any([signal, heard.signal]) };
    const hear = ({ data }: MessageEvent<Partial<Serving> | null>) => {
      if (data?.holdfast !== 'serving') return;
      heard.abort();
      resolve(data as Serving);
    };
    const fail = (event: Event) => {
      const { message, error } = event as ErrorEvent;
      const said = message ? `: ${message}` : ', or could not be loaded.';
      reject(unreachable('script', `The script of the worker failed${said}`, error ?? undefined));
    };
    worker.addEventListener('message', hear, listening);
    worker.addEventListener('error', fail, listening);
  });
}

/** Resolves with true when the lock is free, with false when `signal` ends the wait. */
async function untilReleased(lock: string, signal: AbortSignal): Promise<boolean> {
  try {
    await navigator.locks.request(lock, { signal }, () => undefined);
    return !signal.aborted;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

function timeout(readyMs: number, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = () => reject(unreachable('timeout', `No worker answered within ${readyMs} ms.`));
    const timer = setTimeout(late, readyMs);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
