import { describe, expect, test } from 'vitest';
import { isSocketInStore, isSocketOf, socketPlaces } from './address.js';

const TOKEN = '0123456789abcdef';
const linux = { platform: 'linux', temporary: '/tmp', user: 1000 } as const;
const addresses = (directory: string, around: Parameters<typeof socketPlaces>[2] = linux) =>
  socketPlaces(directory, TOKEN, around).map(({ address }) => address);

describe('an owner listens', () => {
  test('in its directory, or else in a folder of its user alone', () => {
    expect(socketPlaces('/data/store', TOKEN, linux)).toEqual([
      { address: `/data/store/socket.${TOKEN}` },
      {
        address: expect.stringMatching(/^\/tmp\/holdfast-1000\/[0-9a-f]{16}\.0123456789abcdef$/),
        privateFolder: '/tmp/holdfast-1000',
      },
    ]);
  });

  test('nowhere that the system would cut off: its longest path is 104 bytes on some, with a zero at the end', () => {
    const fits = `/${'d'.repeat(75)}`;
    expect(addresses(fits)[0]).toHaveLength(100);
    expect(addresses(`${fits}d`)).toEqual([expect.stringMatching(/^\/tmp\//)]);
    // Bytes count, not characters.
    expect(addresses(`/${'ü'.repeat(60)}`)).toEqual([expect.stringMatching(/^\/tmp\//)]);
    const mac = {
      platform: 'darwin',
      temporary: '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T',
      user: 501,
    } as const;
    expect(addresses('/Users/ann/Library/Application Support/app/store', mac)).toHaveLength(2);
    expect(addresses(`${fits}d`, { ...linux, temporary: `/${'t'.repeat(60)}` })).toEqual([]);
  });

  test('on a named pipe, under Windows', () => {
    const windows = { platform: 'win32', temporary: 'C:\\Temp', user: undefined } as const;
    expect(addresses('C:\\store', windows)).toEqual([
      expect.stringMatching(/^\\\\\.\\pipe\\holdfast-[0-9a-f]{16}-0123456789abcdef$/),
    ]);
  });

  test('under a name of its own: sockets of other owners, and other files, are told apart', () => {
    const [inStore = '', inTemporary = ''] = addresses('/data/store').map((path) =>
      path.slice(path.lastIndexOf('/') + 1),
    );
    expect([inStore, 'socket.txt', '00000001-00000001.log'].map(isSocketInStore)).toEqual([true, false, false]);
    expect(isSocketOf('/data/store', inTemporary)).toBe(true);
    expect(isSocketOf('/data/other', inTemporary)).toBe(false);
  });
});
