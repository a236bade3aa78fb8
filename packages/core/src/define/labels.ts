import { HoldfastError } from '../errors/index.js';
import { checkOption, OPTIONS, told } from './options.js';
import { isWellFormed } from './well-formed.js';

/** They stand in the head of a run, which each checkpoint writes anew. */
const MOST = 20;
const LONGEST = { name: 64, text: 256 };

/** @throws `OPTION_INVALID` for what are no labels: texts by name, few and short. */
export function checkLabels(labels: unknown, call: string): void {
  const bad = (what: string) =>
    new HoldfastError('OPTION_INVALID', {
      message: `${call}: ${what}.`,
      remedy: `Give at most ${MOST} texts by name, as in { customer: '42' }; what is longer than ${LONGEST.text} characters belongs in the input.`,
      details: { option: 'labels' },
    });
  checkOption(labels, OPTIONS, 'labels', call);
  const entries = Object.entries(labels as object);
  if (entries.length > MOST) throw bad(`there are ${entries.length} labels`);
  for (const [name, text] of entries) {
    if (!isText(name, LONGEST.name) || name === '') throw bad(`a label has the name ${JSON.stringify(name)}`);
    if (!isText(text, LONGEST.text)) throw bad(`\`labels.${name}\` is ${told(text)}`);
  }
}

function isText(thing: unknown, longest: number): boolean {
  return typeof thing === 'string' && thing.length <= longest && isWellFormed(thing);
}
