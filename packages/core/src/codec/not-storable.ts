import { HoldfastError, isHoldfastError } from '../errors/index.js';
import { findProxy, type Unstorable } from './unstorable.js';

const PLAIN = 'Leave it out, or put plain data in its place.';

/** What each kind is called, and what to do about it. */
const WORDS: Record<Exclude<Unstorable['kind'], 'object'>, readonly [kind: string, remedy: string]> = {
  __proto__: ['an object with a __proto__ key', PLAIN],
  symbols: ['an object with symbol keys', 'Use strings as keys.'],
  deep: ['nested too deeply', 'Hand over a flat list.'],
  proxy: [
    'a Proxy, as reactive state is: a copy of it would not follow',
    'Hand over what is behind it: toRaw() in Vue, toJS() in MobX, unwrap() in Solid.',
  ],
  function: ['a function', 'Leave it out; what a step is to call, lend it as one of `services`.'],
  symbol: ['a symbol', 'Put a string in its place.'],
  promise: ['a Promise', 'Await it first.'],
  node: ['a DOM node', 'Hand over what you need of it, as its value or its text.'],
};

/** The `VALUE_NOT_STORABLE` of such a part; what is an error of Holdfast's already stays that one. */
export function notStorable({ what, path, kind, name, known, cause }: Unstorable): HoldfastError {
  if (isHoldfastError(cause)) return cause;
  const [said, remedy] = kind === 'object' ? ofObject(name, known) : WORDS[kind];
  const message = `The ${what} can't be stored: ${path} is ${said}${kind === 'node' ? ` (${name})` : ''}.`;
  return new HoldfastError('VALUE_NOT_STORABLE', { message, remedy, details: { path }, cause });
}

/** Refuses what has a Proxy in it. @throws `VALUE_NOT_STORABLE` with its path. */
export function assertNoProxy(value: unknown, what: string): void {
  const found = findProxy(value, what);
  if (found) throw notStorable(found);
}

function ofObject(name: string | undefined, known: boolean | undefined): readonly [kind: string, remedy: string] {
  if (!name) return ['not plain data', PLAIN];
  const kind = `an instance of ${name}`;
  if (name.startsWith('Weak')) return [kind, 'Nobody can tell what is in it: use a Map, a Set or an object.'];
  if (known) return [kind, PLAIN];
  const remedy = 'Hand over its data, as in { ...it }, and make the object anew where it is used.';
  return [`${kind}, whose class would be lost`, remedy];
}
