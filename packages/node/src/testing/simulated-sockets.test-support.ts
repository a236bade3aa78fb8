import type { Connection, Sockets } from '../link/sockets.js';

interface End extends Connection {
  hear(text: string): void;
  close(): void;
}

/**
 * Sockets in memory, each process with its own. What is written comes in the next microtask, in order.
 *
 * Owns: who listens where, and every connection, by process.
 */
export class SimulatedSockets {
  readonly #listening = new Map<string, { process: number; connected: (connection: Connection) => void }>();
  readonly #ends = new Map<number, Set<End>>();
  #count = 0;

  /** Those of one process. */
  of(process: number): Sockets {
    return {
      listen: async (_, connected) => {
        const address = `socket ${++this.#count}`;
        this.#listening.set(address, { process, connected });
        return { address, sweep: async () => {}, close: () => void this.#listening.delete(address) };
      },
      connect: async (address) => {
        const listening = this.#listening.get(address);
        if (!listening) throw Object.assign(new Error('Nobody listens.'), { code: 'ECONNREFUSED' });
        const [here, there] = pair();
        this.#keep(process, here);
        this.#keep(listening.process, there);
        listening.connected(there);
        return here;
      },
    };
  }

  /** What the system does when a process dies: its connections end, and nobody listens any more. */
  kill(process: number): void {
    for (const [address, listening] of this.#listening)
      if (listening.process === process) this.#listening.delete(address);
    for (const end of this.#ends.get(process) ?? []) end.end();
  }

  #keep(process: number, end: End): void {
    const ends = this.#ends.get(process) ?? new Set();
    this.#ends.set(process, ends.add(end));
  }
}

function pair(): [End, End] {
  const [here, there] = [half(), half()];
  here.to = there.end;
  there.to = here.end;
  return [here.end, there.end];
}

function half(): { end: End; to: End | undefined } {
  const texts: string[] = [];
  const closings: (() => void)[] = [];
  let listener: ((text: string) => void) | undefined;
  let isOpen = true;
  const one: { end: End; to: End | undefined } = {
    to: undefined,
    end: {
      unsent: 0,
      write: (text) => queueMicrotask(() => isOpen && one.to?.hear(text)),
      onText(own) {
        listener = own;
        for (const text of texts.splice(0)) own(text);
      },
      onClosed: (closed) => void closings.push(closed),
      end() {
        if (!isOpen) return;
        one.to?.close();
        one.end.close();
      },
      hold: () => {},
      hear: (text) => (listener ? listener(text) : void texts.push(text)),
      close() {
        if (!isOpen) return;
        isOpen = false;
        for (const closed of closings.splice(0)) queueMicrotask(closed);
      },
    },
  };
  return one;
}
