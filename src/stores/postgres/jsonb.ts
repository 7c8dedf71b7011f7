// JSON can contain two things that `jsonb` refuses: U+0000, which no PostgreSQL text can contain, and half a surrogate pair. To
// keep such a note or command from making the lock unusable, they are written as four digits after this sign.
// The sign itself is written in the same way.
const SIGN = '\u241b';

/** JSON in a form that `jsonb` accepts. */
export function toJsonb(json: string): string {
  // JSON.stringify escapes both. A backslash that is itself escaped does not begin an escape.
  return json.replace(/\u241b|\\(?:u(0000|d[89a-f]..)|.)/g, (found, digits: string | undefined) => {
    if (found === SIGN) return `${SIGN}241b`;
    return digits === undefined ? found : `${SIGN}${digits}`;
  });
}

/** The same in ASCII, with a question mark for anything else: for a database in an encoding that lacks a character. */
export function toAsciiJsonb(json: string): string {
  return toJsonb(json).replace(/\u241b[0-9a-f]{4}|\P{ASCII}/gu, '?');
}

/** The original JSON. */
export function fromJsonb(json: string): string {
  return json.replace(/\u241b([0-9a-f]{4})/g, '\\u$1');
}
