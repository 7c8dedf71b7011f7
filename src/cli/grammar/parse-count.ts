import { InvalidArgument } from './invalid-argument.js';

/** A whole number, by default above 0. */
export function parseCount(text: string, least = 1): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= least && Number.isSafeInteger(count)) return count;
  throw new InvalidArgument(`It must be a whole number${least > 0 ? ` above ${least - 1}` : ''}.`);
}
