const FILLING = '.'.repeat(700);

/** The text of a version that shows whether it is whole; about as long as a record. */
export function version(number: number): string {
  return `${number}${FILLING}${number}`;
}

/** The number of a version, or `null` for what is none. */
export function numberOf(text: string): number | null {
  const number = Number.parseInt(text, 10);
  return text === version(number) ? number : null;
}
