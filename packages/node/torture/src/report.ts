/** What a test has to tell. */
export interface Outcome {
  /** How much was tried. */
  readonly counts: Readonly<Record<string, number>>;
  /** Of a mutation: what noticed it. */
  readonly noticed?: string;
  /** What is wrong, the first few. */
  readonly problems: readonly string[];
  /** Why it can't run here. */
  readonly skipped?: string;
}

export interface TortureTest {
  readonly name: string;
  readonly seed: number;
  run(): Promise<Outcome>;
}

export interface Extent {
  /** Less than a minute for all tests. */
  readonly short: boolean;
  /** Only this one. */
  readonly seed: number | undefined;
}

/** A test for each seed. */
export function seeded<T>(
  { short, seed }: Extent,
  count: { short: number; long: number },
  make: (seed: number) => T,
): T[] {
  if (seed !== undefined) return [make(seed)];
  return Array.from({ length: short ? count.short : count.long }, (_, index) => make(index + 1));
}

export const skipped = (why: string): Outcome => ({ counts: {}, problems: [], skipped: why });
