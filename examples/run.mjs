// `npm run example NAME`: tells one of the examples. Ends with exit code 0 only when what it promises held.

import { names } from './support/names.mjs';

const [, , name = ''] = process.argv;
if (names.includes(name)) {
  await import(`./${name}/story.mjs`);
} else {
  console.error(`Which example? One of: ${names.join(', ')}`);
  process.exitCode = 1;
}
