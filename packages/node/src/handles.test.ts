import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { HoldfastError } from '@holdfast/core';
import { createClient, encodedValues, type HostLink, type Notice } from '@holdfast/core/client';
import { expect, test } from 'vitest';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A link to a host that never has news, which counts who waits for its end. */
function silent() {
  let close: (error: HoldfastError) => void = () => {};
  const closed = new Promise<never>((_, reject) => {
    close = reject;
  });
  const waiting = { count: 0 };
  const told = { notice: (_: Notice) => {} };
  const counted = {
    catch(onRejected: (error: unknown) => void) {
      waiting.count++;
      return closed.catch(onRejected);
    },
  } as Promise<never>;
  const link = {
    values: encodedValues,
    closed: counted,
    call: async () => undefined,
    listen: ({ notice }: { notice: (notice: Notice) => void }) => {
      told.notice = notice;
    },
    close: async () => {},
  } as unknown as HostLink;
  return { link, waiting, told, close: () => close(new HoldfastError('CLOSED', { message: 'It was closed.' })) };
}

/** Until what is unreachable by then is collected: what a turn has looked at stays until it ends. */
async function collected(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  collect();
}

test('however often a result is asked for, one reaction waits for the end of the link', async () => {
  const { link, waiting, close } = silent();
  const holdfast = createClient(link);
  const run = holdfast.run('w', '1');
  for (let n = 0; n < 100; n++) {
    const given = new AbortController();
    const result = run.result({ signal: given.signal });
    given.abort();
    await expect(result).rejects.toThrow();
  }
  expect(waiting.count).toBe(1);
  const last = run.result();
  close();
  await expect(last).rejects.toMatchObject({ code: 'CLOSED' });
});

test('a handle that nobody has is not kept; one that is watched is', async () => {
  const { link, told } = silent();
  const holdfast = createClient(link);
  const seen: string[] = [];
  const [dropped, watched] = ['1', '2'].map((id) => {
    const run = holdfast.run('w', id);
    if (id === '2') run.subscribe(({ run }) => seen.push(run.status));
    return new WeakRef(run);
  });
  await collected();
  expect(dropped?.deref()).toBeUndefined();
  expect(watched?.deref()).toBe(holdfast.run('w', '2'));
  const snapshot = { text: '[{"run":1},{"status":2},"waiting"]', blobs: [] };
  told.notice({ kind: 'run', interest: 'run ["w","2"]', snapshot } as unknown as Notice);
  expect(seen).toEqual(['waiting']);
});

test('of one run there is one handle while it is held, and a new one is told no less', () => {
  const holdfast = createClient(silent().link);
  const run = holdfast.run('w', '1');
  expect(holdfast.run('w', '1')).toBe(run);
  const end = run.subscribe(() => {});
  end.unsubscribe();
  expect(holdfast.run('w', '1')).toBe(run);
});
