import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What steps did to the outside, as a server of its own saw it.
 *
 * Owns: the requests, in order, and which of them are answered.
 * 1. A request is written down before it is answered.
 * 2. A step that is held gets no answer until it is let go.
 * 3. While it is cut off, no request begins and no answer leaves.
 */
export interface StepLedger {
  readonly url: string;
  /** All requests, in order. */
  readonly asks: readonly Ask[];
  /** Idempotency keys under which a step was asked for, in order. */
  keysOf(step: string): readonly string[];
  /** Resolves when a step was asked for the nth time. */
  requested(step: string, times: number): Promise<void>;
  hold(step: string): void;
  letGo(step: string): void;
  /** Cuts every connection, and each new one, or lets them through again. */
  cut(off: boolean): void;
  close(): Promise<void>;
}

export interface Ask {
  readonly step: string;
  readonly key: string;
}

const CORS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': 'Idempotency-Key' };

export async function openStepLedger(): Promise<StepLedger> {
  const asks: Ask[] = [];
  const held = new Map<string, ServerResponse[]>();
  const waiting = new Set<() => void>();
  let isCut = false;
  const server = createServer((request, response) => {
    if (isCut) return void request.socket.destroy();
    const step = (request.url ?? '').slice(1);
    if (request.method === 'OPTIONS') return void response.writeHead(204, CORS).end();
    asks.push({ step, key: String(request.headers['idempotency-key']) });
    for (const look of waiting) look();
    const answers = held.get(step);
    if (answers) answers.push(response);
    else answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const keysOf = (step: string) => asks.filter((ask) => ask.step === step).map(({ key }) => key);
  return {
    asks,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keysOf,
    requested: (step, times) =>
      new Promise((resolve) => {
        const look = () => {
          if (keysOf(step).length < times) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    hold: (step) => void held.set(step, []),
    letGo(step) {
      held.get(step)?.forEach(answer);
      held.delete(step);
    },
    cut(off) {
      isCut = off;
      if (off) server.closeAllConnections();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(response: ServerResponse): void {
  response.writeHead(200, CORS).end();
}
