import { arrived, type Given } from './crossing.js';
import { notStorable } from './not-storable.js';

/** The value that was given on the other side. @throws `VALUE_NOT_STORABLE` with the path of what can't be stored. */
export function arrivedGiven(given: Given): unknown {
  const { refused } = given;
  if (!refused) return arrived(given);
  throw notStorable({ ...refused, cause: refused.cause && arrived(refused.cause) });
}
