/**
 * What hosts which want one store, and pages which guard theirs, say to each other. Nothing of it decides who may commit:
 * the lock and the epoch do.
 */

/** The newest version of each workflow that a host can run. */
export type Versions = Readonly<Record<string, number>>;

/** Said by a host that waits for the store, again and again. */
export interface Claim {
  readonly word: 'claim';
  /** Name of the host: no other has ever had it. */
  readonly host: string;
  readonly versions: Versions;
  /** Whether somebody looks at its page. */
  readonly visible: boolean;
}

export type Word =
  | Claim
  /** The owner is there: said by itself, or by its page while it is busy. */
  | { readonly word: 'present' }
  /** The owner is about to give the store back, and `to` is to have it. */
  | { readonly word: 'yields'; readonly to: string }
  /** A page ends that host, its worker: it does not crash. */
  | { readonly word: 'ended'; readonly host: string };

/** What a host says of itself. */
export interface Standing {
  readonly host: string;
  readonly versions: Versions;
  visible(): boolean;
}

export function claimsChannelOf(store: string): string {
  return `holdfast:${store}:claims`;
}

/**
 * Why the owner is to yield to who claims the store, if it is: that one's code is newer, or just as good and looked at,
 * which the owner's page is not. Code that lacks anything of the owner's never counts as newer: its runs would be parked.
 */
export function betterBy(claim: Claim, owner: Standing): 'code' | 'visibility' | undefined {
  if (!covers(claim.versions, owner.versions)) return undefined;
  if (!covers(owner.versions, claim.versions)) return 'code';
  return claim.visible && !owner.visible() ? 'visibility' : undefined;
}

function covers(versions: Versions, others: Versions): boolean {
  return Object.entries(others).every(([id, version]) => Object.hasOwn(versions, id) && (versions[id] ?? 0) >= version);
}
