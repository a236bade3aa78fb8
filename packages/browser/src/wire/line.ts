/** A port of a worker or a channel, or what stands in for one. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', hear: (event: MessageEvent) => void, options?: AddEventListenerOptions): void;
  removeEventListener(type: 'message', hear: (event: MessageEvent) => void): void;
}

/** What crosses: in one message all that one turn of a side had to say after the first. */
interface Parcel {
  readonly holdfast: 'parcel';
  readonly items: readonly Item[];
}

export interface Item {
  readonly kind: string;
}

interface Said {
  readonly item: Item;
  readonly failed: (error: unknown) => void;
}

type Hear<I extends Item = Item> = (item: I) => unknown;

/** A long list would keep the other side's thread from all else for long: it does what each item asks for in one go. */
const MOST_ITEMS = 50;

const lines = new WeakMap<Port, Line>();

/**
 * One end of what is said between two sides over a port, which other messages may cross as well.
 *
 * Owns: what waits for the end of the turn, and who hears what. Never: knows what is said.
 * 1. What is said is heard in the order in which it was said, whatever its kind.
 * 2. The first item of a turn is posted at once; those after it when the turn is over, many in a message: each message costs
 *    both sides as much as many items.
 * 3. What can't cross fails alone.
 * 4. While nobody hears anything, there is no listener at the port.
 */
export class Line {
  readonly #port: Port;
  readonly #hearers = new Map<string, Hear>();
  readonly #waiting: Said[] = [];
  #saying = false;

  private constructor(port: Port) {
    this.#port = port;
  }

  /** The same one for all who use that end of it. */
  static of(port: Port): Line {
    const line = lines.get(port) ?? new Line(port);
    lines.set(port, line);
    return line;
  }

  /** @param failed is called, maybe at once, when it can't cross. */
  say<I extends Item>(item: I, failed: (error: unknown) => void): void {
    this.#waiting.push({ item, failed });
    if (this.#saying) return;
    this.#saying = true;
    this.#post(1);
    queueMicrotask(() => {
      while (this.#waiting.length > 0) this.#post(MOST_ITEMS);
      this.#saying = false;
    });
  }

  /** `heard` is the only one who hears that kind. @param ended when it hears nothing any more. */
  hear<I extends Item>(kind: I['kind'], heard: Hear<I>, ended?: AbortSignal): void {
    if (ended?.aborted) return;
    if (this.#hearers.size === 0) this.#port.addEventListener('message', this.#listen);
    this.#hearers.set(kind, heard as Hear);
    ended?.addEventListener('abort', () => this.#leave(kind, heard as Hear), { once: true });
  }

  #leave(kind: string, heard: Hear): void {
    if (this.#hearers.get(kind) !== heard) return;
    this.#hearers.delete(kind);
    if (this.#hearers.size === 0) this.#port.removeEventListener('message', this.#listen);
  }

  readonly #listen = ({ data }: MessageEvent<Partial<Parcel> | null>) => {
    if (data?.holdfast !== 'parcel') return;
    for (const item of data.items ?? []) void this.#hearers.get(item.kind)?.(item);
  };

  #post(most: number): void {
    const said = this.#waiting.splice(0, most);
    try {
      this.#port.postMessage({ holdfast: 'parcel', items: said.map(({ item }) => item) } satisfies Parcel);
    } catch (error) {
      if (said.length === 1) said[0]?.failed(error);
      else this.#postEach(said);
    }
  }

  /** It is not known which of them can't cross. */
  #postEach(said: readonly Said[]): void {
    this.#waiting.unshift(...said);
    for (let left = said.length; left > 0; left--) this.#post(1);
  }
}
