import fc from 'fast-check';

/** Values of each kind that has a text, nested, shared parts left out. */
export const anything = fc.anything({
  ...{ withBigInt: true, withBoxedValues: true, withDate: true, withMap: true, withSet: true },
  ...{ withTypedArray: true, withSparseArray: true, withNullPrototype: true, withUnicodeString: true },
  ...{ maxDepth: 3, maxKeys: 5 },
});
