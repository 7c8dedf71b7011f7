import { InvalidArgument } from './invalid-argument.js';

/** A whole number above 0. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count > 0 && Number.isSafeInteger(count)) return count;
  throw new InvalidArgument('It must be a whole number above 0.');
}
