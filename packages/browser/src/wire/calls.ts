import { crossError } from '@holdfast/core/client';
import { fromReply, toReply } from './reply.js';
import type { Reply } from './wire.js';

/**
 * Calls between a page and its worker, over the one port that there is between them: so what is told and what is answered
 * arrives in the order in which it was posted. Each side answers with its methods, and calls those of the other.
 *
 * 1. An answer carries all of an error: postMessage would lose its code and its details.
 * 2. What can't cross, as an argument or as an answer, rejects the call.
 * 3. Of a side that is gone nothing is heard any more: whoever waits for it has to know of its death by other means.
 */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', hear: (event: MessageEvent) => void, options?: AddEventListenerOptions): void;
}

interface Call {
  readonly holdfast: 'call';
  /** Absent where nobody waits for an answer. */
  readonly id?: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly holdfast: 'answer';
  readonly id: number;
  readonly reply: Reply<never>;
}

// biome-ignore lint/suspicious/noExplicitAny: each has its own arguments.
type Method = (...args: any[]) => unknown;

type ArgsOf<F> = F extends (...args: infer Args) => unknown ? Args : never;
type ResultOf<F> = F extends (...args: never[]) => infer Result ? Awaited<Result> : never;

/** Calls a method of the other side. */
export type Ask<T> = <M extends keyof T & string>(method: M, ...args: ArgsOf<T[M]>) => Promise<ResultOf<T[M]>>;

/** Performs what the other side calls of `methods`. @param ended when nothing is heard any more. */
export function answerCalls(port: Port, methods: object, ended?: AbortSignal): void {
  hear<Call>(port, 'call', ended, async ({ id, method, args }) => {
    const perform = () => (methods as Record<string, Method>)[method]?.(...args);
    if (id === undefined) return void perform();
    const reply = await toReply(perform);
    const answer = (reply: Reply<unknown>) => port.postMessage({ holdfast: 'answer', id, reply });
    try {
      answer(reply);
    } catch (error) {
      answer({ ok: false, error: crossError(error) });
    }
  });
}

/** What calls the methods of the other side. @param ended from when on no call is settled any more. */
export function callsTo<T>(port: Port, ended?: AbortSignal): Ask<T> {
  const waiting = new Map<number, (reply: Reply<never>) => void>();
  let calls = 0;
  hear<Answer>(port, 'answer', ended, ({ id, reply }) => {
    waiting.get(id)?.(reply);
    waiting.delete(id);
  });
  return async (method, ...args) => {
    const id = ++calls;
    port.postMessage({ holdfast: 'call', id, method, args } satisfies Call);
    return fromReply(await new Promise<Reply<never>>((resolve) => waiting.set(id, resolve)));
  };
}

/** Calls a method of the other side, and waits for nothing. */
export function tellTo<T>(port: Port): <M extends keyof T & string>(method: M, ...args: ArgsOf<T[M]>) => void {
  return (method, ...args) => port.postMessage({ holdfast: 'call', method, args } satisfies Call);
}

/** Other messages may cross as well, the app's too. */
function hear<M extends Call | Answer>(
  port: Port,
  kind: M['holdfast'],
  signal: AbortSignal | undefined,
  heard: (message: M) => unknown,
): void {
  const listen = ({ data }: MessageEvent<M | null>) => data?.holdfast === kind && void heard(data);
  port.addEventListener('message', listen, signal ? { signal } : {});
}
