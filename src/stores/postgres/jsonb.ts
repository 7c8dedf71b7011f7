// Of what JSON can say, `jsonb` refuses two things: U+0000, which no text of PostgreSQL can hold, and half a surrogate pair. So
// that a note or a command with such in it does not keep anybody from their lock, they are written as four digits behind this sign.
// The sign itself is written in the same way.
const SIGN = '\u241b';

/** JSON as `jsonb` takes it. */
export function toJsonb(json: string): string {
  // JSON.stringify escapes both. A backslash that is itself escaped is no beginning of an escape.
  return json.replace(/\u241b|\\(?:u(0000|d[89a-f]..)|.)/g, (found, digits: string | undefined) => {
    if (found === SIGN) return `${SIGN}241b`;
    return digits === undefined ? found : `${SIGN}${digits}`;
  });
}

/** The same JSON again. */
export function fromJsonb(json: string): string {
  return json.replace(/\u241b([0-9a-f]{4})/g, '\\u$1');
}
