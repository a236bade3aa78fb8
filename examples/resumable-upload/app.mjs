// A resumable upload. The offset is told by `heartbeat` after each part: a try that follows a failure, or a crash, goes
// on from there. A part that was under way when the process died is sent again, to the same place.

import { open } from 'node:fs/promises';
import { defineWorkflow, fromSteps, NonRetryableError } from '@holdfast/core';
import { openHoldfast } from '@holdfast/node';

const PART = 256 * 1024;

/** @typedef {{ path: string, url: string }} UploadInput */

const upload = fromSteps({ types: /** @type {{ input: UploadInput }} */ ({}) }, ({ input, step }) =>
  step('upload', { retry: { attempts: 5 }, timeout: '10m' }, async ({ details = 0, heartbeat, signal }) => {
    console.log(details === 0 ? 'begins' : `goes on at byte ${details}`);
    const file = await open(input.path);
    try {
      const { size } = await file.stat();
      for (let offset = details; offset < size; offset += PART) {
        const { buffer, bytesRead } = await file.read(new Uint8Array(PART), 0, PART, offset);
        await putPart(input.url, buffer.subarray(0, bytesRead), offset, signal);
        await heartbeat(offset + bytesRead);
      }
      return size;
    } finally {
      await file.close();
    }
  }),
);

/** @param {string} url @param {Uint8Array<ArrayBuffer>} part @param {number} offset @param {AbortSignal} signal */
async function putPart(url, part, offset, signal) {
  const response = await fetch(url, { method: 'PUT', body: part, headers: { 'upload-offset': `${offset}` }, signal });
  if (response.status === 409) throw new NonRetryableError('The server has none of the parts before this one.');
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
}

const [, , directory = '', path = '', url = ''] = process.argv;
const workflows = [defineWorkflow({ id: 'upload', version: 1, logic: upload })];
const holdfast = await openHoldfast({ directory, workflows });
const run = await holdfast.start('upload', { id: 'holiday-film', input: { path, url } });
console.log(`uploaded ${await run.result()} bytes`);
await holdfast.close();
