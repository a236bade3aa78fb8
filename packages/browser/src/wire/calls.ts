import { crossError } from '@holdfast/core/client';
import { Line, type Port } from './line.js';
import { fromReply, toReply } from './reply.js';
import type { Reply } from './wire.js';

/**
 * Calls between a page and its worker, over the one line that there is between them: so what is told and what is answered
 * arrives in the order in which it was posted. Each side answers with its methods, and calls those of the other.
 *
 * 1. An answer carries all of an error: postMessage would lose its code and its details.
 * 2. What can't cross, as an argument or as an answer, rejects the call.
 * 3. Of a side that is gone nothing is heard any more: whoever waits for it has to know of its death by other means.
 */

interface Call {
  readonly kind: 'call';
  /** Absent where nobody waits for an answer. */
  readonly id?: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

interface Answer {
  readonly kind: 'answer';
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
  const line = Line.of(port);
  const perform = async ({ id, method, args }: Call) => {
    const perform = () => (methods as Record<string, Method>)[method]?.(...args);
    if (id === undefined) return void perform();
    const answer = (reply: Reply<unknown>, failed: (error: unknown) => void) =>
      line.say({ kind: 'answer', id, reply }, failed);
    const fail = (error: unknown) => answer({ ok: false, error: crossError(error) }, unsaid);
    answer(await toReply(perform), fail);
  };
  line.hear<Call>('call', perform, ended);
}

/** What calls the methods of the other side. @param ended from when on no call is settled any more. */
export function callsTo<T>(port: Port, ended?: AbortSignal): Ask<T> {
  const line = Line.of(port);
  const waiting = new Map<number, (reply: Reply<never>) => void>();
  let calls = 0;
  line.hear<Answer>(
    'answer',
    ({ id, reply }) => {
      waiting.get(id)?.(reply);
      waiting.delete(id);
    },
    ended,
  );
  return async (method, ...args) => {
    const id = ++calls;
    const reply = await new Promise<Reply<never>>((resolve, reject) => {
      waiting.set(id, resolve);
      line.say<Call>({ kind: 'call', id, method, args }, (error) => {
        waiting.delete(id);
        reject(error);
      });
    });
    return fromReply(reply);
  };
}

/** Calls a method of the other side, and waits for nothing. @param failed is told what can't cross. */
export function tellTo<T>(
  port: Port,
  failed: (error: unknown) => void,
): <M extends keyof T & string>(method: M, ...args: ArgsOf<T[M]>) => void {
  const line = Line.of(port);
  return (method, ...args) => line.say<Call>({ kind: 'call', method, args }, failed);
}

/** An error as it crosses is plain data. */
function unsaid(error: unknown): never {
  throw error;
}
