/** In bytes: what fits into a column or a key of every database that a user may want to move to. */
const LONGEST_NAME = 255;

/**
 * Checks the name of a lock in a database. A name that a driver would cut or change is refused, because two names could then be
 * the same lock: SQLite ends a text at a NUL, and any half of a surrogate pair becomes U+FFFD in UTF-8.
 */
export function checkLockName(name: unknown): string {
  const text = checkedText('name', name);
  const length = Buffer.byteLength(text);
  if (length <= LONGEST_NAME) return text;
  throw new TypeError(
    `The name of a lock must have at most ${LONGEST_NAME} bytes, but has ${length}: ${JSON.stringify(text.slice(0, 64))}…`,
  );
}

/** Checks what the name of a lock must be everywhere. */
export function checkedText(what: 'name' | 'path', text: unknown): string {
  if (typeof text !== 'string' || text === '') {
    throw new TypeError(`The ${what} of a lock must be a string that is not empty.`);
  }
  const refuse = (fault: string) => {
    throw new TypeError(`The ${what} of a lock must not contain ${fault}: ${JSON.stringify(text)}.`);
  };
  if (text.includes('\0')) refuse('a NUL byte');
  // In UTF-8 all of them become the same character.
  if (/\p{Surrogate}/u.test(text)) refuse('half a surrogate pair');
  return text;
}
