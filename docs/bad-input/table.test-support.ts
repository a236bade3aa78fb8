import { isHoldfastError } from '@holdfast/core';
import { expect, test } from 'vitest';

// What plain JavaScript may pass, in each place of each function that is public. It is refused with a code and a remedy,
// and names the option; what fits is taken.

class Instance {}
const trap = () => {
  throw new Error('a trap');
};
export const SOME = 'some text';
export const VALUES: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  zero: 0,
  number: 1.5,
  negative: -1,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  bigint: 5n,
  symbol: Symbol('s'),
  boolean: true,
  'empty text': '',
  text: SOME,
  'half a character': '\ud800',
  '{}': {},
  '[]': [],
  bare: Object.create(null),
  function: () => true,
  instance: new Instance(),
  Map: new Map(),
  promise: Promise.resolve({}),
  // biome-ignore lint/suspicious/noThenProperty: that is what it is
  thenable: { then: trap },
  proxy: new Proxy({}, { get: trap, has: trap, ownKeys: trap, getOwnPropertyDescriptor: trap }),
};

export const PLAIN = ['{}', 'bare', 'instance'];
export const OBJECTS = [...PLAIN, '[]', 'Map', 'promise', 'thenable', 'proxy'];
export const TEXTS = ['text'];
export const WHOLE = ['zero'];
export const MS = ['zero', 'number'];
export const FUNCTIONS = ['function'];
export const ANY = Object.keys(VALUES);
export const STORABLE = ANY.filter(
  (kind) => !['symbol', 'function', 'instance', 'promise', 'thenable', 'proxy'].includes(kind),
);

/** One place where a value can be given. */
export interface Place {
  readonly name: string;
  /** What the message has to name; default: nothing. */
  readonly option?: string;
  give(value: unknown): unknown;
  /** They are data: what a getter of theirs throws is the app's own error, and passed on. */
  readonly data?: boolean;
  /** Of {@link VALUES}, those that belong there, and `undefined` where it can be left out. */
  readonly fits: readonly string[];
}

// biome-ignore lint/suspicious/noExplicitAny: as in plain JavaScript
export type Any = any;
export type Loose = (...args: Any[]) => Any;

/** Each option of a function that takes them, one at a time; one that there is not; and the options themselves. */
export function places(
  name: string,
  call: Loose,
  right: object,
  options: Record<string, readonly string[]>,
  left = true,
): Place[] {
  const whole = left ? ['undefined', ...PLAIN] : [];
  return [
    { name: `${name}(options)`, give: (value) => call(value), fits: whole },
    ...Object.entries(options).map(([option, fits]) => ({
      name: `${name}({ ${option} })`,
      option,
      give: (value: unknown) => call({ ...right, [option]: value }),
      fits: [...fits, ...(option in right ? [] : ['undefined'])],
    })),
    {
      name: `${name}({ misspelt })`,
      option: 'misspelt',
      give: () => call({ ...right, misspelt: 3 }),
      fits: [],
    },
  ];
}

export const loose = (call: unknown) => call as Loose;

/** Opens, and closes, what can be opened. */
export const opening =
  (open: unknown): Loose =>
  async (options) => {
    const opened = await loose(open)(options);
    await opened.close?.();
  };

/** Options of a host, as all entries take them. */
export const HOST = {
  services: OBJECTS,
  connectivity: [],
  logger: [],
  onError: FUNCTIONS,
  crashLoopLimit: ['Infinity'],
  dev: PLAIN,
  schedules: ['[]'],
  limits: PLAIN,
  retention: [...MS, ...PLAIN],
  stepWorker: FUNCTIONS,
};

/** Declares a test for each place. */
export function testPlaces(places: readonly Place[]): void {
  for (const { name, option, give, fits, data } of places) {
    test(`${name} refuses what does not fit, with a code and a remedy`, async () => {
      const wrong: string[] = [];
      for (const [kind, value] of Object.entries(VALUES)) {
        if (data && value === VALUES.proxy) continue;
        const error = await refusalOf(() => give(value));
        const fault = fits.includes(kind) ? error && `is refused: ${String(error)}` : faultOf(error, option);
        if (fault) wrong.push(`${kind} ${fault}`);
      }
      expect(wrong).toEqual([]);
    });
  }
}

async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

function faultOf(error: unknown, option = ''): string | undefined {
  if (error === undefined) return 'is taken';
  if (!isHoldfastError(error)) return `gives ${String(error)}`;
  // Those of a definition say it in one sentence.
  if (!error.remedy && error.code !== 'WORKFLOW_INVALID') return `has no remedy: ${error.message}`;
  return error.message.includes(option) ? undefined : `does not name it: ${error.message}`;
}
