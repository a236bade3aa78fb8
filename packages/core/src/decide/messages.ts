import { type Engine, isEndOf, type Leaf, type Message } from '../engine/index.js';
import { isHoldfastError } from '../errors/index.js';
import type { Op } from '../store/store.js';
import type { RunRecord } from './run-record.js';

/**
 * What actors of a run have sent outside of a transition, and is not taken yet.
 *
 * Owns: those messages, in the order in which they were sent. Never: when one is taken.
 * 1. What an action has sent is stored in the checkpoint that says the action was performed: nothing would send it again.
 * 2. One that can't be stored is taken all the same, as long as this host lives.
 */
export class Messages {
  readonly #record: RunRecord;
  /** With the record id of those that are stored. */
  readonly #messages = new Map<Message, string | undefined>();
  /** Those of them that no checkpoint has been asked to store yet. */
  #unstored: Message[] = [];
  #last = 0;

  constructor(record: RunRecord) {
    this.#record = record;
  }

  /** In order. */
  get all(): readonly Message[] {
    return [...this.#messages.keys()];
  }

  get isEmpty(): boolean {
    return this.#messages.size === 0;
  }

  /** Whether one of them tells that the work of that leaf has ended. */
  hasEndOf(leaf: Leaf): boolean {
    return this.all.some((message) => isEndOf(message, leaf));
  }

  /** Takes up those that are stored: references in them are those of `engine`. */
  learn(engine: Engine): void {
    const numbers = this.#record.idsFrom('messages/').map((id) => Number(id.slice('messages/'.length)));
    for (const n of numbers.sort((a, b) => a - b)) {
      const id = `messages/${n}`;
      this.#messages.set(engine.bind(this.#record.read(id) as Message), id);
      this.#last = n;
    }
  }

  /** One was sent: the next checkpoint that clears actions stores it. */
  add(message: Message): void {
    this.#messages.set(message, undefined);
    this.#unstored.push(message);
  }

  /** Stores what was added: it takes the place of the actions that have sent it, until it is taken. */
  store(ops: Op[]): void {
    if (this.#unstored.length === 0) return;
    for (const message of this.#unstored) this.#store(message, ops);
    this.#unstored = [];
  }

  /** The same for one alone. */
  storeOne(message: Message, ops: Op[]): void {
    this.#unstored = this.#unstored.filter((other) => other !== message);
    this.#store(message, ops);
  }

  /** It is taken. */
  drop(message: Message, ops: Op[]): void {
    const id = this.#messages.get(message);
    this.#messages.delete(message);
    if (id !== undefined) this.#record.remove(id, ops);
  }

  /** Nobody will take those that are stored any more. */
  forgetStored(ops: Op[]): void {
    for (const id of this.#record.idsFrom('messages/')) this.#record.remove(id, ops);
  }

  #store(message: Message, ops: Op[]): void {
    if (!this.#messages.has(message)) return;
    const id = `messages/${++this.#last}`;
    try {
      this.#record.put(id, message, 'message', ops);
      this.#messages.set(message, id);
    } catch (error) {
      if (!isHoldfastError(error, 'VALUE_NOT_STORABLE')) throw error;
    }
  }
}
