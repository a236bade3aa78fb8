import { type HoldfastError, isHoldfastError } from '@holdfast/core';
import type { Op, RunAddress, RunRow, Store } from '@holdfast/core/store';

const INSTANT = Date.UTC(2026, 0, 1);
/** Makes values large enough for a few compactions. */
const PADDING = 'x'.repeat(150);

/** What a run was asked to do, and what of it was acknowledged: what a store must and may hold afterwards. */
export interface Account {
  readonly run: string;
  /** Checkpoints it is meant to have. */
  readonly rounds: number;
  startSent: boolean;
  startAcked: boolean;
  sent: number;
  acked: number;
  readonly eventsSent: Set<string>;
  readonly eventsAcked: Set<string>;
  lastN: number;
  deleteSent: boolean;
  deleteAcked: boolean;
}

const at = (run: string): RunAddress => ({ workflow: 'work', run });
const textOf = (seq: number) => ({ text: JSON.stringify(`seq ${seq} ${PADDING}`) });
const photo = (run: string, seq: number) => new Blob([`photo ${run} ${seq} ${PADDING}`], { type: 'image/png' });
/** The event that the checkpoint of `seq` takes from the inbox, if it takes one: every other one is left there. */
const takenAt = (seq: number) => (seq % 2 === 0 ? `event-${seq}` : undefined);
const attachedAt = (seq: number) => seq === 3;
/** The seq at which the first one is removed. */
const DETACHED_AT = 5;

function rowOf(run: string, seq: number): RunRow {
  const times = { createdAt: INSTANT, updatedAt: INSTANT + seq };
  return { ...at(run), key: run, version: 1, seq, status: seq ? 'running' : 'queued', reasons: [], ...times };
}

function opsOf(run: string, seq: number, epoch: number, n: number): Op[] {
  const arrival = { kind: 'event', name: `E${seq}` } as const;
  return [
    { op: 'run', row: rowOf(run, seq) },
    { op: 'put', id: 'left', value: textOf(seq) },
    { op: 'put', id: 'right', value: textOf(seq) },
    { op: 'history', row: { seq, at: INSTANT + seq, epoch, arrival, status: 'running' } },
    ...(takenAt(seq) ? [{ op: 'taken', n } as const] : []),
    ...(attachedAt(seq) ? [{ op: 'attach', id: `photo-${seq}`, blob: photo(run, seq) } as const] : []),
    ...(seq === DETACHED_AT ? [{ op: 'detach', id: 'photo-0' } as const] : []),
  ];
}

/** Repeats a call that says it may be repeated; undefined when it says it may not. */
async function persist<T>(call: () => Promise<T>): Promise<T | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      if (!(error as HoldfastError).retryable || attempt === 3) return undefined;
    }
  }
}

/**
 * One run's life: started, sent events, checkpointed, deleted when its name says so; it stops at the first failure. Where
 * its name says so it is checkpointed relaxed and sent nothing, so that relaxed lines follow each other.
 */
async function live(store: Store, epoch: number, account: Account, pause: () => void): Promise<void> {
  const { run, rounds } = account;
  account.startSent = true;
  const attachments = [{ id: 'photo-0', blob: photo(run, 0) }];
  const input = { text: '"input"' };
  if (!(await persist(() => store.accept({ kind: 'start', row: rowOf(run, 0), input, attachments })))) return;
  account.startAcked = true;
  for (let seq = 1; seq <= rounds; seq++) {
    const relaxed = run.startsWith('relaxed');
    if (!relaxed && !(await send(store, account, `event-${seq}`))) return;
    account.sent = seq;
    const commit = {
      ...at(run),
      epoch,
      after: seq - 1,
      durability: relaxed ? ('relaxed' as const) : ('strict' as const),
    };
    const ops = opsOf(run, seq, epoch, account.lastN);
    if (!(await persist(() => store.commit({ ...commit, ops }).then(() => true)))) return;
    if (!relaxed) account.acked = seq;
    pause();
  }
  if (!run.startsWith('deleted')) return;
  account.deleteSent = true;
  const deletion = {
    ...at(run),
    epoch,
    after: rounds,
    durability: 'strict' as const,
    ops: [{ op: 'delete' } as const],
  };
  account.deleteAcked = (await persist(() => store.commit(deletion).then(() => true))) ?? false;
}

async function send(store: Store, account: Account, id: string): Promise<boolean> {
  account.eventsSent.add(id);
  const row = { ...at(account.run), lane: 'event' as const, id, acceptedAt: INSTANT, body: { text: `"${id}"` } };
  const accepted = await persist(() => store.accept({ kind: 'inbox', row }));
  if (accepted?.outcome !== 'queued') return false;
  account.eventsAcked.add(id);
  account.lastN = accepted.n;
  return true;
}

/**
 * Runs that live side by side, in as much of a store as works.
 *
 * @param pause called after each checkpoint.
 */
export async function work(
  open: () => Promise<Store>,
  runs = ['a', 'b', 'deleted'],
  rounds = 5,
  pause = () => {},
): Promise<Account[]> {
  const accounts = runs.map((run): Account => {
    const sets = { eventsSent: new Set<string>(), eventsAcked: new Set<string>() };
    const flags = { startSent: false, startAcked: false, deleteSent: false, deleteAcked: false };
    return { run, rounds, ...flags, sent: 0, acked: 0, ...sets, lastN: 0 };
  });
  const store = await persist(open);
  const ownership = store && (await persist(() => store.acquire()));
  if (!store || !ownership) return accounts;
  await Promise.all(accounts.map((account) => live(store, ownership.epoch, account, pause)));
  await persist(() => store.close());
  return accounts;
}

/** What is wrong with a store, given what was asked of it and acknowledged: lost, half or invented records. */
export async function audit(store: Store, accounts: readonly Account[]): Promise<string[]> {
  const problems: string[] = [];
  for (const account of accounts) problems.push(...(await auditRun(store, account)));
  const known = new Set(accounts.map(({ run }) => run));
  for (const { run } of (await store.list()).rows) if (!known.has(run)) problems.push(`${run}: invented`);
  return problems;
}

async function auditRun(store: Store, account: Account): Promise<string[]> {
  const { run } = account;
  const stored = await store.load(at(run));
  if (!stored) return account.startAcked && !account.deleteSent ? [`${run}: lost`] : [];
  const problems: string[] = [];
  const expect = (fine: boolean, problem: string) => void (fine || problems.push(`${run}: ${problem}`));
  const { seq } = stored.row;
  expect(account.startSent && seq <= account.sent, `invented: stored seq ${seq}, sent ${account.sent}`);
  expect(seq >= account.acked, `lost: stored seq ${seq}, acknowledged ${account.acked}`);
  expect(!account.deleteAcked, 'lost: its deletion');
  const history = (await store.history(at(run))).map((row) => row.seq);
  expect(history.join() === Array.from({ length: seq }, (_, index) => index + 1).join(), `half: history ${history}`);
  for (const id of seq ? ['left', 'right'] : []) {
    expect(stored.values.get(id)?.text === textOf(seq).text, `half: "${id}" at seq ${seq}`);
  }
  for (const id of account.eventsAcked) {
    const taken = Number(id.slice('event-'.length)) <= seq && takenAt(Number(id.slice('event-'.length))) === id;
    const there = stored.inbox.filter((row) => row.id === id).length;
    expect(there === (taken ? 0 : 1), `lost or repeated: ${id} is there ${there} times at seq ${seq}`);
  }
  expect(
    stored.inbox.every(({ id }) => account.eventsSent.has(id)),
    'invented: an event',
  );
  if (seq >= DETACHED_AT) expect(!stored.attachments.has('photo-0'), `half: photo-0 is still there at seq ${seq}`);
  for (const at of [seq < DETACHED_AT ? 0 : 3, 3].filter((at) => at <= seq)) {
    const text = await (stored.attachments.get(`photo-${at}`) as Blob | undefined)?.text();
    expect(text === (await photo(run, at).text()), `half: photo-${at} at seq ${seq}`);
  }
  return problems;
}
