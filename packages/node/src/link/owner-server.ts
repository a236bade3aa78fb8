import type { StoreChange } from '@holdfast/core/store';
import { Channel } from './channel.js';
import type { Connection, Listening, Sockets } from './sockets.js';
import { type Asking, askingIn, errorText, LONGEST, PROTOCOL, type Question, type Questions } from './wire.js';

/** How an owner answers. */
export type Answers = {
  readonly [Q in Question]: (asks: Questions[Q]['asks']) => Promise<Questions[Q]['answer']>;
};

/**
 * The socket on which guests reach the owner of a directory.
 *
 * Owns: the connections. Never: what is asked for.
 * 1. That it is there tells that its process lives: the system ends its connections when the process dies.
 * 2. It listens before its process is the owner, so nobody finds an owner that can't be reached; it answers once it is.
 * 3. A guest is told of a change before it is answered what comes of it.
 */
export class OwnerServer {
  readonly #channels = new Set<Channel>();
  readonly #answers: Promise<Answers>;
  #serve: (answers: Answers) => void = () => {};
  #listening: Listening | undefined;

  private constructor() {
    this.#answers = new Promise((resolve) => {
      this.#serve = resolve;
    });
  }

  /** @throws the system's errors where there can be no socket. */
  static async open(sockets: Sockets, directory: string): Promise<OwnerServer> {
    const server = new OwnerServer();
    server.#listening = await sockets.listen(directory, (connection) => server.#welcome(connection));
    return server;
  }

  get address(): string {
    return this.#listening?.address ?? '';
  }

  /** From now on it answers: its process is the owner. */
  serve(answers: Answers): void {
    this.#serve(answers);
  }

  /** Tells every guest but the one whose mail made the change, which knows. */
  tell(change: StoreChange, by?: string): void {
    for (const channel of this.#channels) channel.send({ change, ...(by === undefined ? {} : { by }) });
  }

  /** Removes the sockets of owners before this one. */
  async sweep(): Promise<void> {
    await this.#listening?.sweep();
  }

  /** Ends every connection. */
  close(): void {
    this.#listening?.close();
    for (const channel of this.#channels) channel.end();
  }

  #welcome(connection: Connection): void {
    const heard = (message: unknown) => {
      const asking = askingIn(message);
      if (asking) void this.#answer(channel, asking);
      else channel.end();
    };
    const channel = new Channel(connection, { longest: LONGEST.question, heard });
    this.#channels.add(channel);
    void channel.closed.then(() => this.#channels.delete(channel));
    channel.send({ holdfast: PROTOCOL });
  }

  async #answer<Q extends Question>(channel: Channel, { n, question, asks }: Asking<Q>): Promise<void> {
    if (question === 'ping') return channel.send({ n, answer: null });
    try {
      const answer = (await this.#answers)[question] as (asks: Questions[Q]['asks']) => Promise<unknown>;
      channel.send({ n, answer: await answer(asks) });
    } catch (error) {
      channel.send({ n, error: errorText(error) });
    }
  }
}
