import type { Crossing, Given, HostApi, Notice } from '@holdfast/core/client';

/**
 * What crosses between a page and its worker, besides what the protocol of core says. `calls.ts` carries it.
 */

/** What a worker posts when it is ready to be connected: a worker can't be asked before its script has run. */
export interface Serving {
  readonly holdfast: 'serving';
  /** The Web Lock which the worker holds as long as it lives, and its name: whoever is granted it knows of its death. */
  readonly alive: string;
}

/** How a call ended. postMessage would lose the code and the details of a thrown error. */
export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: Crossing };

/** How a page is now. */
export interface PageState {
  readonly online: boolean;
  /** Whether somebody looks at it. */
  readonly visible: boolean;
}

/** What a page tells of itself. */
export interface Hello {
  /** The store's name. */
  readonly name: string;
  readonly page: PageState;
  /** The worker's name, which no other has: under it the page notes that it has ended it. */
  readonly host: string;
}

/** What a worker knows of the network: whether nothing says that it is gone. */
export interface NetworkNotice {
  readonly kind: 'network';
  readonly online: boolean;
}

/** A database, and which one of that name: it has another incarnation when it was deleted and made anew. */
export interface Incarnation {
  readonly database: string;
  readonly incarnation: string;
}

/** The store was opened, for the first time or again. */
export interface StoreNotice extends Incarnation {
  readonly kind: 'store';
}

/** What keeps the store from its work; nothing when that is over. */
export interface TroubleNotice {
  readonly kind: 'trouble';
  readonly error?: Crossing;
}

/** What a host says, to the page. */
export type TellPage = (notice: Notice<Crossing> | NetworkNotice | StoreNotice | TroubleNotice) => void;
/** A step's call of a function of the page. */
export type CallService = (name: string, args: readonly unknown[]) => Promise<Reply<unknown>>;

/** Whether a page of this origin has noted that it ended the worker of that name. */
export type AskEnded = (host: string) => boolean | Promise<boolean>;

/** The page's side. */
export interface PageApi {
  /** Not answered. */
  tell: TellPage;
  service: CallService;
  wasEnded: AskEnded;
}

/** A host as a page calls it: values of the app cross as they are, and the worker encodes them, or says why it can't. */
export type PageCalls = HostApi<Given>;

/** The worker's side. */
export interface WorkerApi {
  /** Comes first, and once. */
  connect(hello: Hello): void;
  /** @param known the store that the caller believes in: what changes a run is `STORE_LOST` in another. */
  call<M extends keyof PageCalls>(
    method: M,
    args: Parameters<PageCalls[M]>,
    known?: Incarnation,
  ): Promise<Awaited<ReturnType<PageCalls[M]>>>;
  page(state: PageState): void;
  /** Ends the host and gives the store back. */
  close(): Promise<void> | undefined;
}

/** What a page needs of a worker; `hostHere` makes one that is none. */
export type HostWorker = Pick<Worker, 'postMessage' | 'addEventListener' | 'removeEventListener' | 'terminate'>;

export const DEFAULT_NAME = 'holdfast';
