import { arrived, crossError } from '@holdfast/core/client';
import type { Reply } from './wire.js';

/** Does `work`, and says how it ended in a form that keeps all of an error. */
export async function toReply<T>(work: () => T | Promise<T>): Promise<Reply<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: crossError(error) };
  }
}

/** The value of a reply. @throws the error that it carries. */
export function fromReply<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  throw arrived(reply.error);
}
