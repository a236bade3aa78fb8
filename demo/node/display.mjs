const WIDTH = 40;

let shown = '';

/**
 * Draws how far the job is, over the line before it where there is a terminal.
 * @param {{ done: number, total: number } | undefined} progress
 */
export function drawProgress(progress) {
  if (!progress) return;
  const { done, total } = progress;
  const filled = Math.round((done / total) * WIDTH);
  const line = `  ${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${String(done).padStart(2)} of ${total} steps`;
  if (line === shown) return;
  shown = line;
  process.stdout.write(process.stdout.isTTY ? `\r${line}` : `${line}\n`);
}

/** @param {string} text */
export function say(text) {
  process.stdout.write(process.stdout.isTTY ? `\n${text}\n` : `${text}\n`);
}
