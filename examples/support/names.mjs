import { existsSync, readdirSync } from 'node:fs';

const folder = new URL('../', import.meta.url);

/** The examples: each folder that has a story. */
export const names = readdirSync(folder).filter((name) => existsSync(new URL(`${name}/story.mjs`, folder)));
