import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Builder, Capabilities, type WebDriver } from 'selenium-webdriver';
import type { Engine, EngineBrowser, EngineTab } from './engine.js';

const DRIVER = '/usr/bin/WebKitWebDriver';
const XVFB = '/usr/bin/Xvfb';
/** How long a script may take, in ms. */
const SCRIPT_MS = 4_000;
const LIBRARIES = '/usr/lib';

/**
 * By W3C WebDriver, on a display of its own. Its sessions are ephemeral, and end with the process of a page: it is
 * neither restarted nor are its pages crashed. Nor does it go back: after some returns out of the back/forward cache the
 * session answers no more (WebKitGTK 2.50).
 */
export const webkitgtk: Engine = {
  name: 'WebKitGTK',
  missing() {
    if (!existsSync(DRIVER)) return 'webkit2gtk-driver';
    if (!existsSync(XVFB)) return 'xvfb';
    return miniBrowser() === undefined ? 'MiniBrowser of WebKitGTK' : undefined;
  },
  launch,
};

/** It lies in a folder of the machine's architecture: `/usr/lib/<triplet>/webkit2gtk-4.1/MiniBrowser`. */
function miniBrowser(): string | undefined {
  const folders = readdirSync(LIBRARIES).map((folder) => join(LIBRARIES, folder, 'webkit2gtk-4.1', 'MiniBrowser'));
  return folders.find((path) => existsSync(path));
}

async function launch(): Promise<EngineBrowser> {
  const screen = spawn(XVFB, ['-displayfd', '3', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [display] = await once(screen.stdio[3] as Readable, 'data');
  const port = await freePort();
  const env = { ...process.env, DISPLAY: `:${String(display).trim()}` };
  const server = spawn(DRIVER, [`--port=${port}`], { env, stdio: 'ignore' });
  process.once('exit', () => [server, screen].map((child) => child.kill('SIGKILL')));
  await listening(`http://127.0.0.1:${port}/status`);
  const driver = await connect(`http://127.0.0.1:${port}`);
  // A script that a navigation cuts off may never answer, and no command is taken until then.
  await driver.manage().setTimeouts({ script: SCRIPT_MS });
  // The session ends with its last window: this one stays open.
  const home = await driver.getWindowHandle();
  const alone = queue();
  return {
    open: (url) =>
      alone(async () => {
        await driver.switchTo().window(home);
        await driver.switchTo().newWindow('tab');
        await driver.get(url);
        return tabOf(driver, await driver.getWindowHandle(), alone);
      }),
    async close() {
      await driver.quit();
      await Promise.all([end(server), end(screen)]);
    },
  };
}

function connect(url: string): Promise<WebDriver> {
  const capabilities = new Capabilities({
    browserName: 'MiniBrowser',
    'webkitgtk:browserOptions': { binary: miniBrowser(), args: ['--automation'] },
  });
  return new Builder().usingServer(url).withCapabilities(capabilities).build();
}

type Alone = ReturnType<typeof queue>;

function tabOf(driver: WebDriver, handle: string, alone: Alone): EngineTab {
  const inTab = <T>(work: () => Promise<T>) =>
    alone(async () => {
      await driver.switchTo().window(handle);
      return work();
    });
  return {
    async evaluate(body, arg) {
      const { value, error } = await inTab(() => driver.executeAsyncScript<Answer>(callOf(body), arg ?? null));
      if (error !== undefined) throw new Error(error);
      return value as never;
    },
    close: () => inTab(() => driver.close()),
  };
}

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/** A script that calls `body` with the first argument of the script, and its last one with how that ended. */
function callOf(body: (arg: never) => unknown): string {
  return `const [arg, done] = arguments;
    Promise.resolve(arg ?? undefined).then(${body}).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
}

/** One command at a time: which window a command is for is a state of the session. */
function queue() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until somebody answers there. */
async function listening(url: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await fetch(url);
      return;
    } catch (error) {
      if (tries === 500) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}
