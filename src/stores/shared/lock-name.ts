/** In bytes: what fits into a column or a key of every database that a user may want to move to. */
const LONGEST_NAME = 255;

/**
 * Checks the name of a lock in a database. A name that a driver would cut or change is refused, because two names could then be
 * the same lock: SQLite ends a text at a NUL, and any half of a surrogate pair becomes U+FFFD in UTF-8.
 */
export function checkLockName(name: unknown): string {
  if (typeof name !== 'string' || name === '') {
    throw new TypeError('The name of a lock must be a string that is not empty.');
  }
  if (name.includes('\0')) {
    throw new TypeError(`The name of a lock must not contain a NUL byte: ${JSON.stringify(name)}.`);
  }
  if (!isWellFormed(name)) {
    throw new TypeError(
      `The name of a lock must not contain half a surrogate pair: ${JSON.stringify(name)}.`,
    );
  }
  const length = Buffer.byteLength(name);
  if (length > LONGEST_NAME) {
    throw new TypeError(
      `The name of a lock must have at most ${LONGEST_NAME} bytes, but has ${length}: ${JSON.stringify(name.slice(0, 64))}…`,
    );
  }
  return name;
}

/** Whether each half of a surrogate pair has its other half. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
