import { readFileSync } from 'node:fs';

/**
 * Which process this is, and whether another one is still alive. A process is named by its pid and, where the system
 * tells it, by the instant of its start and the boot it belongs to, so that a pid which was given out again, to a
 * later process or in a restarted container, is not taken for the one that is gone.
 */
export interface Processes {
  /** This process. */
  self(): ProcessName;
  isAlive(process: ProcessName): boolean;
}

export interface ProcessName {
  readonly pid: number;
  /** Clock ticks from boot to its start, and the id of the boot; not on every system. */
  readonly born?: string;
}

/** Field 22 of `/proc/<pid>/stat`, counted after the name in brackets, which may hold anything. */
const START_TIME_FIELD = 19;

/** State of a process that has ended, though nobody has asked yet how: it holds nothing any more. */
const ENDED = /^[ZX]$/;

/** Undefined where there is no `/proc`; null when there is, and no such process. */
function bornOf(pid: number): string | null | undefined {
  let boot: string;
  try {
    boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
    return ENDED.test(fields[0] ?? '') ? null : `${fields[START_TIME_FIELD]} ${boot}`;
  } catch {
    return null;
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The processes of this machine. */
export const nodeProcesses: Processes = {
  self() {
    const born = bornOf(process.pid);
    return { pid: process.pid, ...(typeof born === 'string' ? { born } : {}) };
  },
  isAlive({ pid, born }) {
    const now = bornOf(pid);
    if (born !== undefined && now !== undefined) return now === born;
    return answersSignals(pid);
  },
};
