/** JSON for programs, which may also be read on a terminal: what would have an effect there is written as an escape, which means the same. */
export function toJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(/[\u{7f}-\u{9f}\p{Cf}]/gu, escaped);
}

/** A character beyond the first 65,536 is two units. */
function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
