import type { AppendFile, FileSystem } from '@holdfast/node';

/** One call of the port. `go` carries it out. */
export interface Call {
  /** The method; those of an opened file are `append`, `datasync` and `close`. */
  readonly what: string;
  readonly path: string;
  readonly args: readonly unknown[];
  go(): Promise<unknown>;
}

/** Methods that are called with a name that is there, and then the one that they make. */
const TWO_NAMES = ['rename', 'link'];

type Method = (...args: unknown[]) => Promise<unknown>;

/** A file system of which each call, whatever the port has, goes through `around`. */
export function wrap(fileSystem: FileSystem, around: (call: Call) => Promise<unknown>): FileSystem {
  const wrapped = (target: object, path: string | undefined): object =>
    new Proxy(target, {
      get(_, what) {
        const method = Reflect.get(target, what) as Method;
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          const at = path ?? String(args[TWO_NAMES.includes(String(what)) ? 1 : 0]);
          const call = { what: String(what), path: at, args, go: () => method.apply(target, args) };
          if (what !== 'openForAppend') return around(call);
          return around(call).then((file) => wrapped(file as AppendFile, at));
        };
      },
    });
  return wrapped(fileSystem, undefined) as FileSystem;
}
