import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from './program.mjs';
import { serve } from './server.mjs';

/** For a story that hangs: one of five seconds may take a minute on a busy machine. */
const LIMIT_MS = 240_000;

/**
 * What a story has at hand: all of it is gone at its end.
 * @typedef {object} Stage
 * @property {string} folder an empty one
 * @property {(text: string) => void} say
 * @property {typeof serve} serve
 * @property {(file: URL, ...args: string[]) => Program} program
 */

/**
 * Tells an example from outside: plays the world, starts its programs, kills them, and looks (by `node:assert`) whether
 * what was promised held. If it did not, the exit code of this process is 1.
 * @param {string} title
 * @param {(stage: Stage) => Promise<string>} story gives what happened, in a line
 */
export async function tell(title, story) {
  console.log(title);
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-example-'));
  /** @type {(() => unknown)[]} */
  const endings = [];
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  /** @type {Promise<never>} */
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not at its end after ${LIMIT_MS / 1000} s.`)), LIMIT_MS);
  });
  try {
    const told = story({
      folder,
      say: (text) => console.log(`  ${text}`),
      serve: async (answer) => {
        const server = await serve(answer);
        endings.push(server.close);
        return server;
      },
      program: (file, ...args) => {
        const program = new Program(file, args, (line) => console.log(`  │ ${line}`));
        endings.push(() => program.kill());
        return program;
      },
    });
    console.log(`✓ ${await Promise.race([told, limit])}`);
  } catch (error) {
    console.error('✗', error);
    process.exitCode = 1;
  } finally {
    clearTimeout(timer);
    for (const end of endings) await end();
    await rm(folder, { recursive: true });
  }
}
