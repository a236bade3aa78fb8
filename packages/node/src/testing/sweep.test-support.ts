const all = process.env.HOLDFAST_SWEEP === 'all';

/**
 * How much of something a test does: in short, or, with `HOLDFAST_SWEEP=all`, in full, which takes minutes. Of the steps
 * of a sweep one of so many tells the same of all sorts of places: a prime meets each sort.
 *
 * @param long default: every step
 */
export const inShort = (short: number, long = 1): number => (all ? long : short);
