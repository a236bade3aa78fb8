import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const madeHere: string[] = [];

/** An empty folder for a browser's profile, removed when the test process ends. */
export function freshProfile(): string {
  const profile = mkdtempSync(join(tmpdir(), 'holdfast-profile-'));
  if (madeHere.push(profile) === 1) process.once('exit', removeProfiles);
  return profile;
}

function removeProfiles(): void {
  for (const profile of madeHere) rmSync(profile, { recursive: true, force: true, maxRetries: 3 });
}
