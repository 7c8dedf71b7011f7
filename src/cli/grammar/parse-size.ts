import { InvalidArgument } from './invalid-argument.js';

const UNITS = ['', 'K', 'M', 'G', 'T'];
const STEP = 1024;

/** Bytes of a size such as `500K`, `10M`, `1G`: units of 1,024 bytes, as dd(1) and du(1) read them. */
export function parseSize(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)i?B?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * STEP ** UNITS.indexOf(unit.toUpperCase()));
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new InvalidArgument('A size is a number and a unit, such as 500K, 10M, 1G.');
}
