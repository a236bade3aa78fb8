import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What steps did to the outside, as a server of its own saw it.
 *
 * Owns: the requests, in order, and which of them are answered.
 * 1. A request is written down before it is answered.
 * 2. A step that is held gets no answer until it is let go.
 */
export interface StepLedger {
  readonly url: string;
  /** Idempotency keys under which a step was asked for, in order. */
  keysOf(step: string): readonly string[];
  /** Resolves when a step was asked for the nth time. */
  requested(step: string, times: number): Promise<void>;
  hold(step: string): void;
  letGo(step: string): void;
  close(): Promise<void>;
}

const CORS = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': 'Idempotency-Key' };

export async function openStepLedger(): Promise<StepLedger> {
  const entries: { step: string; key: string }[] = [];
  const held = new Map<string, ServerResponse[]>();
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const step = (request.url ?? '').slice(1);
    if (request.method === 'OPTIONS') return void response.writeHead(204, CORS).end();
    entries.push({ step, key: String(request.headers['idempotency-key']) });
    for (const look of waiting) look();
    const answers = held.get(step);
    if (answers) answers.push(response);
    else answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const keysOf = (step: string) => entries.filter((entry) => entry.step === step).map(({ key }) => key);
  return {
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
