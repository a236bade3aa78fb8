import { decodeError, encodeError } from '@holdfast/core/client';
import type { Accepted, RunAddress, RunQuery, Store, StoreChange, StoredRun } from '@holdfast/core/store';
import type { AttachmentRef } from '../log/entry.js';

/** What crosses the owner's socket, each message a line of JSON. Another number of PROTOCOL is not spoken to. */
export const PROTOCOL = 1;

/** Longest line that an owner takes, and a guest, in characters: questions are small, a run may not be. */
export const LONGEST = { question: 1 << 20, answer: 1 << 29 };

/** A run as it crosses: its attachments stay where they are. */
export interface CrossingRun {
  readonly row: StoredRun['row'];
  readonly values: readonly (readonly [string, { readonly text: string; readonly attachments?: readonly string[] }])[];
  readonly inbox: StoredRun['inbox'];
  readonly attachments: readonly AttachmentRef[];
}

/** What an owner can be asked, and what it answers. */
export interface Questions {
  /** What became of that mail: undefined where it is not there, or can't be taken now. */
  mail: { asks: { readonly id: string }; answer: Accepted | undefined };
  load: { asks: RunAddress; answer: CrossingRun | undefined };
  head: { asks: RunAddress; answer: Awaited<ReturnType<Store['head']>> };
  list: { asks: RunQuery; answer: Awaited<ReturnType<Store['list']>> };
  inbox: { asks: Partial<RunAddress>; answer: Awaited<ReturnType<Store['inbox']>> };
  history: {
    asks: RunAddress & { readonly after?: number; readonly limit?: number };
    answer: Awaited<ReturnType<Store['history']>>;
  };
  /** Whether it is there. */
  ping: { asks: object; answer: null };
}

export type Question = keyof Questions;

/** From a guest. */
export interface Asking<Q extends Question = Question> {
  readonly n: number;
  readonly question: Q;
  readonly asks: Questions[Q]['asks'];
}

/** From the owner. `by` is the guest whose mail made the change. */
export type Told =
  | { readonly holdfast: number }
  | { readonly n: number; readonly answer: unknown }
  | { readonly n: number; readonly error: string }
  | { readonly change: StoreChange; readonly by?: string };

/** An error as it crosses, with its code, and back. */
export const errorText = (error: unknown): string => encodeError(error).text;
export const errorOf = (text: string): unknown => decodeError({ text, blobs: [] });

const isText = (value: unknown): value is string => typeof value === 'string';
const isAddress = ({ workflow, run }: Record<string, unknown>) => isText(workflow) && isText(run);

/** How what is asked has to look. */
const LOOKS: Record<Question, (asks: Record<string, unknown>) => boolean> = {
  mail: ({ id }) => isText(id),
  load: isAddress,
  head: isAddress,
  list: ({ workflow, after }) => [workflow, after].every((text) => text === undefined || isText(text)),
  inbox: (asks) => (asks.workflow === undefined && asks.run === undefined) || isAddress(asks),
  history: isAddress,
  ping: () => true,
};

/** What a guest has sent, if it is a question. */
export function askingIn(message: unknown): Asking | undefined {
  const { n, question, asks } = message as Partial<Asking>;
  if (typeof n !== 'number' || !isText(question) || !Object.hasOwn(LOOKS, question)) return undefined;
  if (typeof asks !== 'object' || asks === null) return undefined;
  return LOOKS[question](asks as Record<string, unknown>) ? { n, question, asks } : undefined;
}
