import type { Ownership, Store } from '@holdfast/core/store';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FileSystem } from './index.js';
import { encodeMail, mailId } from './mail/mail-file.js';
import { before } from './testing/intercept.test-support.js';
import { anEvent, aStart, at, Machine } from './testing/mail-world.test-support.js';
import { SimulatedDisk } from './testing/simulated-disk.test-support.js';

const MAIL = '/store/mail/';

let disk: SimulatedDisk;
let machine: Machine;
let owner: Store;
let ownership: Ownership;

beforeEach(async () => {
  disk = new SimulatedDisk();
  machine = new Machine();
  owner = await machine.open(1, disk);
  ownership = await owner.acquire();
  await owner.accept(aStart('r'));
});

const inbox = async (store: Store) => (await store.inbox(at('r'))).map(({ id }) => id);
const mail = () => disk.paths().filter((path) => path.startsWith(MAIL));

/** Mail that waits, as nobody owns the store. */
async function left(...events: string[]): Promise<Store> {
  await ownership.release();
  const sender = await machine.open(2, disk);
  for (const id of events) await sender.accept(anEvent('r', id));
  return sender;
}

describe('mail', () => {
  test('is shown by who sent it, before anybody has taken it, with what it was told', async () => {
    const sender = await left('event-1');
    expect(await sender.accept(anEvent('r', 'event-2', 'photo'))).toEqual({ outcome: 'queued', n: 2 });
    await sender.accept(aStart('a', 'of a'));
    expect(await inbox(sender)).toEqual(['event-1', 'event-2']);
    expect((await sender.list()).rows.map(({ run }) => run)).toEqual(['a', 'r']);
    expect((await sender.list({ limit: 1 })).rows.map(({ run }) => run)).toEqual(['a']);
    expect(await ((await sender.load(at('a')))?.attachments.get('photo') as Blob | undefined)?.text()).toBe('of a');
    expect((await sender.load(at('r')))?.attachments.size).toBe(1);
    await owner.acquire();
    expect((await owner.inbox(at('r'))).map(({ n, id }) => [n, id])).toEqual([
      [1, 'event-1'],
      [2, 'event-2'],
    ]);
    expect(mail()).toEqual([]);
  });

  test('is refused without an owner as by one, and leaves nothing', async () => {
    const sender = await left();
    await expect(sender.accept(anEvent('absent', 'event-1'))).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await sender.accept({ ...anEvent('r', 'event-1'), limit: 1 });
    await expect(sender.accept({ ...anEvent('r', 'event-2'), limit: 1 })).rejects.toMatchObject({ code: 'INBOX_FULL' });
    expect(await sender.accept(aStart('r'))).toMatchObject({
      outcome: 'exists',
      row: { run: 'r' },
      input: { text: '1' },
    });
    expect(mail()).toHaveLength(1);
    await owner.acquire();
    await expect(sender.accept(anEvent('absent', 'event-1'))).rejects.toMatchObject({ code: 'RUN_UNKNOWN' });
    await expect(sender.accept({ ...anEvent('r', 'event-2'), limit: 1 })).rejects.toMatchObject({ code: 'INBOX_FULL' });
    expect([mail(), machine.reports]).toEqual([[], []]);
  });

  test('that is refused when its sender is gone is reported, and removed', async () => {
    await left();
    const { row } = anEvent('absent', 'event-1');
    const letter = { id: mailId(), sender: mailId(), asked: { kind: 'inbox', row }, attachments: [] } as const;
    await disk.makeFolder('/store/mail');
    disk.put(`${MAIL}000000000001`, Buffer.from(encodeMail(letter)));
    await owner.acquire();
    await owner.close();
    const told = { code: 'MAIL_REFUSED', run: 'absent', lane: 'event', id: 'event-1', error: { code: 'RUN_UNKNOWN' } };
    expect([mail(), machine.reports]).toMatchObject([[], [told]]);
  });

  test('that is damaged is put aside, and reported; what came with it is taken', async () => {
    await left('event-1', 'event-2', 'event-3');
    const [, second = ''] = mail();
    const bytes = disk.peek(second);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    disk.put(second, bytes);
    await owner.acquire();
    expect(await inbox(owner)).toEqual(['event-1', 'event-3']);
    const [kept = ''] = mail();
    expect(machine.reports).toEqual([{ code: 'MAIL_DAMAGED', file: kept.slice('/store/'.length) }]);
    expect(disk.peek(kept)).toEqual(bytes);
  });

  test('whose attachment is damaged, or missing, is put aside, and its sender is told', async () => {
    const sender = await left();
    await sender.accept(anEvent('r', 'event-1', 'a photo'));
    await sender.accept(anEvent('r', 'event-2', 'another'));
    const [first = '', second = ''] = mail().filter((path) => path.endsWith('.0'));
    disk.put(first, Buffer.from('a phot0'));
    await disk.remove(second);
    await owner.acquire();
    expect([await inbox(owner), machine.reports.map(({ code }) => code)]).toEqual([
      [],
      ['MAIL_DAMAGED', 'MAIL_DAMAGED'],
    ]);
  });

  test('that is not finished, and files that are none, stay; they are told of once', async () => {
    await left('event-1');
    disk.put(`${MAIL}notes.txt`, Buffer.from('mine'));
    disk.put(`${MAIL}000000000009`, Buffer.from('0123abcd {"id":'));
    const { release } = await owner.acquire();
    await release();
    await owner.acquire();
    expect(await inbox(owner)).toEqual(['event-1']);
    const foreign = { code: 'MAIL_FOREIGN', file: 'mail/notes.txt' };
    expect(machine.reports).toEqual([foreign, foreign]);
    expect(mail()).toEqual([`${MAIL}000000000009`, `${MAIL}notes.txt`]);
  });

  test('that its sender did not finish is swept when it is old, and no sooner', async () => {
    await left();
    const [old, young] = [mailId(Date.now() - 2 * 3_600_000), mailId()];
    await disk.makeFolder('/store/mail');
    for (const id of [old, young])
      for (const end of ['.tmp', '.0']) disk.put(`${MAIL}${id}${end}`, Buffer.from('half'));
    await owner.acquire();
    expect(mail()).toEqual([`${MAIL}${young}.0`, `${MAIL}${young}.tmp`]);
  });

  test('of one sender keeps its order where the disk refuses some of it', async () => {
    await left('event-1', 'event-2', 'event-3', 'event-4');
    const start = disk.copy();
    for (let at = 1; at <= 60; at++) {
      const found = start.copy();
      const alone = new Machine();
      const store = await alone.open(5, found);
      found.failures.set(found.operations + at, 'EIO');
      await store.acquire().catch(() => undefined);
      const first = await inbox(store).catch(() => []);
      expect(first, `failed at ${at}`).toEqual(['event-1', 'event-2', 'event-3', 'event-4'].slice(0, first.length));
      await store.close().catch(() => undefined);
      alone.kill(5);
      found.failures.clear();
      const next = await alone.open(6, found);
      await next.acquire();
      expect(await inbox(next), `after a failure at ${at}`).toEqual(['event-1', 'event-2', 'event-3', 'event-4']);
    }
  });

  test('is taken once where an owner was taken over from between its line and the removal', async () => {
    for (let at = 1; at <= 60; at++) {
      const world = new Machine();
      const own = new SimulatedDisk();
      const founder = await world.open(1, own);
      await founder.acquire();
      await founder.accept(aStart('r'));
      await founder.close();
      const sender = await world.open(2, own);
      for (const id of ['event-1', 'event-2']) await sender.accept(anEvent('r', id));
      let operations = 0;
      const successor = await world.open(4, own);
      const stale: FileSystem = before(own, async () => {
        if (++operations !== at) return;
        world.kill(3);
        await successor.acquire();
        await sender.accept(anEvent('r', 'event-3'));
      });
      const store = await world.open(3, stale);
      await store.acquire().catch(() => undefined);
      await store.accept(anEvent('r', 'event-stale')).catch(() => undefined);
      if (operations < at) break;
      const ids = (await inbox(successor)).filter((id) => id !== 'event-stale');
      expect(ids, `taken over at ${at}`).toEqual(['event-1', 'event-2', 'event-3']);
    }
  });
});
