import { readdirSync, readFileSync } from 'node:fs';
import type { BrowserContext } from '@playwright/test';

/**
 * Stops every process of a Chromium which Playwright has launched, and resolves when none of their threads runs any more:
 * what it has told the outside by then is all that it ever will.
 * @returns the way to kill it, which resolves when it is gone.
 */
export async function stopBrowser(context: BrowserContext): Promise<() => Promise<void>> {
  const session = await context.browser()?.newBrowserCDPSession();
  const { processInfo } = (await session?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] };
  const pid = processInfo.find(({ type }) => type === 'browser')?.id;
  if (pid === undefined) throw new Error('DevTools named no browser process.');
  // Playwright starts it as the leader of a process group of its own.
  process.kill(-pid, 'SIGSTOP');
  while (!isStopped(pid)) await new Promise((resolve) => setTimeout(resolve, 1));
  const gone = new Promise<void>((resolve) => context.once('close', () => resolve()));
  return () => {
    process.kill(-pid, 'SIGKILL');
    return gone;
  };
}

function isStopped(group: number): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && statOf(`/proc/${name}`)?.group === group)
    .flatMap((name) => threadsOf(name))
    .every((thread) => 'TZX'.includes(statOf(thread)?.state ?? 'X'));
}

function threadsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
  } catch {
    return []; // It has ended.
  }
}

function statOf(path: string): { state: string; group: number } | undefined {
  try {
    const stat = readFileSync(`${path}/stat`, 'utf8');
    const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state, group: Number(group) };
  } catch {
    return undefined; // It has ended.
  }
}
