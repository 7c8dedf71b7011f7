import { show } from '../../core/options/validate.js';

/**
 * The name of a table or a schema as SQL. Throws a `TypeError` for a name that could mean something else, or that a database
 * would cut: PostgreSQL has room for 63 bytes.
 */
export function quotedIdentifier(option: string, name: unknown): string {
  return `"${checkedIdentifier(option, name)}"`;
}

/** The same, for a database that quotes in its own way. */
export function checkedIdentifier(option: string, name: unknown): string {
  if (typeof name === 'string' && /^[a-z_][a-z0-9_]{0,62}$/i.test(name)) return name;
  throw new TypeError(
    `The option \`${option}\` must consist of ASCII letters, digits and underscores, at most 63, and must not begin with a digit, ` +
      `but is ${show(name)}.`,
  );
}
