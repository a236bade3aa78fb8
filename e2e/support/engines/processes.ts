import { execFileSync } from 'node:child_process';

export interface ChildProcess {
  readonly pid: number;
  /** What it calls itself. */
  readonly name: string;
}

/** All processes that descend from `pid`. */
export function childrenOf(pid: number): ChildProcess[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' }).split('\n');
  const all = lines.flatMap((line) => {
    const [, child, parent, name = ''] = /^ *(\d+) +(\d+) +(.*?) *$/.exec(line) ?? [];
    return child === undefined ? [] : [{ pid: Number(child), parent: Number(parent), name }];
  });
  const under = (parent: number): ChildProcess[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...under(one.pid)]);
  return under(pid);
}
