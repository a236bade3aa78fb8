import { expect, test } from 'vitest';
import { Channel } from '../wire/channel.js';
import { Claimant } from './claimant.js';
import { Defender } from './defender.js';
import { guardStore } from './guard.js';
import { Rivals } from './rivals.js';
import { betterBy, type Claim, claimsChannelOf, type Standing, type Word } from './words.js';

const aClaim = (claim: Partial<Claim> = {}): Claim => ({
  word: 'claim',
  host: 'claimant',
  versions: { w: 1 },
  visible: true,
  ...claim,
});
const aStanding = ({
  visible = true,
  ...standing
}: Partial<Omit<Standing, 'visible'>> & { visible?: boolean } = {}) => ({
  host: 'owner',
  versions: { w: 1 },
  ...standing,
  visible: () => visible,
});

/** Channels of one store that hear each other at once. */
function aWorld() {
  const all: { hear: Set<(word: Word) => void> }[] = [];
  return () => {
    const own = { hear: new Set<(word: Word) => void>() };
    all.push(own);
    return {
      tell(word: Word) {
        for (const other of all) if (other !== own) for (const hear of [...other.hear]) hear(word);
      },
      listen(hear: (word: Word) => void) {
        own.hear.add(hear);
        return () => own.hear.delete(hear);
      },
    } as unknown as Channel<Word>;
  };
}

test.each([
  ['the same code, both looked at', {}, {}, undefined],
  ['the same code, a hidden owner', {}, { visible: false }, 'visibility'],
  ['the same code, both hidden', { visible: false }, { visible: false }, undefined],
  ['newer code', { versions: { w: 2 } }, {}, 'code'],
  ['newer code in a hidden page', { versions: { w: 2 }, visible: false }, {}, 'code'],
  ['a workflow more', { versions: { w: 1, x: 1 } }, {}, 'code'],
  ['older code, a hidden owner', { versions: { w: 1 } }, { versions: { w: 2 }, visible: false }, undefined],
  ['newer code that lacks a workflow', { versions: { w: 2 } }, { versions: { w: 1, x: 1 } }, undefined],
  [
    'a workflow named like what objects have',
    { versions: {} },
    { versions: { toString: 1 }, visible: false },
    undefined,
  ],
] as const)('%s', (_, claim, standing, better) => {
  expect(betterBy(aClaim(claim), aStanding(standing))).toBe(better);
});

test('an owner wants a moment first; newer code does not wait for ever', () => {
  const channel = aWorld();
  let now = 0;
  const defender = new Defender(channel(), aStanding(), () => now);
  const claims = channel();
  const claim = (at: number) => {
    now = at;
    claims.tell(aClaim({ versions: { w: 2 } }));
    return defender.want();
  };
  expect([claim(0), claim(2000), claim(4000), claim(6000)]).toEqual(['at-rest', 'at-rest', 'at-rest', 'now']);
});

test('a claim that is not repeated lapses', () => {
  const channel = aWorld();
  let now = 0;
  const defender = new Defender(channel(), aStanding({ visible: false }), () => now);
  channel().tell(aClaim());
  expect(defender.want()).toBe('at-rest');
  now = 5001;
  expect(defender.want()).toBeUndefined();
});

test('an owner yields to newer code before it yields to who came first', () => {
  const channel = aWorld();
  const defender = new Defender(channel(), aStanding({ visible: false }));
  const claims = channel();
  const heard: Word[] = [];
  claims.listen((word) => heard.push(word));
  claims.tell(aClaim({ host: 'seen' }));
  claims.tell(aClaim({ host: 'newer', versions: { w: 2 }, visible: false }));
  defender.yields();
  expect(heard.at(-1)).toEqual({ word: 'yields', to: 'newer' });
});

test('who hears that another gets the store steps back, the other does not', () => {
  const channel = aWorld();
  const [first, second] = ['first', 'second'].map((host) => new Claimant(channel(), aStanding({ host })));
  const [ofFirst, ofSecond] = [first?.claim(), second?.claim()];
  channel().tell({ word: 'yields', to: 'second' });
  expect([ofFirst?.aborted, ofSecond?.aborted]).toEqual([true, false]);
});

test('silence is counted in rounds that went by in full, and ends with an answer', () => {
  const channel = aWorld();
  const claimant = new Claimant(channel(), aStanding({ host: 'claimant' }));
  const round = () => {
    claimant.claim();
    claimant.waited(2000);
    return claimant.silentMs;
  };
  expect([round(), round()]).toEqual([2000, 4000]);
  // Other claimants are no owner.
  new Claimant(channel(), aStanding({ host: 'other' })).claim();
  expect(claimant.silentMs).toBe(4000);
  const defender = new Defender(channel(), aStanding());
  expect(claimant.silentMs).toBe(0);
  expect(round()).toBe(0);
  defender.end();
  expect(round()).toBe(2000);
});

test('each theft doubles the time for which a silent owner is waited for', () => {
  const rivals = new Rivals('store', 10_000);
  const times = [1, 2, 3].map(() => {
    const { stealAfterMs } = rivals;
    rivals.steals();
    return stealAfterMs;
  });
  rivals.close();
  expect(times).toEqual([10_000, 20_000, 40_000]);
});

test('a page answers for its worker while that one owns the store, and not after', async () => {
  let owns = true;
  const guard = guardStore('store', () => owns);
  const channel = new Channel<Word>(claimsChannelOf('store'));
  const heard: string[] = [];
  const answered = new Promise<void>((resolve) => {
    channel.listen(({ word }) => {
      heard.push(word);
      resolve();
    });
  });
  channel.tell(aClaim());
  await answered;
  owns = false;
  channel.tell(aClaim());
  // What is said later arrives later.
  const other = new Channel<Word>(claimsChannelOf('store'));
  const last = new Promise<void>((resolve) => channel.listen(({ word }) => word === 'yields' && resolve()));
  other.tell({ word: 'yields', to: 'nobody' });
  await last;
  expect(heard).toEqual(['present', 'yields']);
  guard.close();
  channel.close();
  other.close();
});

test('who waits is told that a page has ended the owner, and it counts as no answer', async () => {
  const guard = guardStore('store', () => false);
  const rivals = new Rivals('store', 10_000);
  const other = new Channel<Word>(claimsChannelOf('store'));
  const claimant = rivals.claim();
  claimant.claim();
  claimant.waited(2000);
  claimant.waited(2000);
  const silentMs = claimant.silentMs;
  // What is said later arrives later.
  const heard = new Promise<void>((resolve) => other.listen(({ word }) => word === 'ended' && resolve()));
  guard.tellEnd('owner');
  await heard;
  expect(rivals.sawEnd('owner')).toBe(true);
  expect(rivals.sawEnd('another')).toBe(false);
  expect(claimant.silentMs).toBe(silentMs);
  claimant.end();
  rivals.close();
  guard.close();
  other.close();
});
