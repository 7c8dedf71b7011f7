/** The value of an option. Throws an error with a message for the user if it is not between these two. */
export function readNumber(name: string, text: string, least: number, most: number): number {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (number >= least && number <= most) return number;
  throw new RangeError(`--${name} must be a number from ${least} to ${most}, but is '${text}'.`);
}

export function readInteger(name: string, text: string, least: number, most: number): number {
  const number = readNumber(name, text, least, most);
  if (Number.isInteger(number)) return number;
  throw new RangeError(`--${name} must be an integer, but is '${text}'.`);
}
