/** What must not stand in a configuration, which others can read: the value of a variable of `livinglock run`. */
export interface Secret {
  readonly variable: string;
  readonly value: string;
  /** The value, fit to be shown, and what is hidden in it. */
  readonly shown: string;
  readonly hidden: string;
  /** Why it is a secret, in words that begin a sentence. */
  readonly reason: string;
  /** What to do where there is no place for it. */
  readonly remedy: string;
}

/** `null` if there is no password in the address of a store. */
export function storeSecret(address: string): Secret | null {
  if (!hasPassword(address)) return null;
  return {
    variable: 'LIVINGLOCK_STORE',
    value: address,
    shown: maskPassword(address),
    hidden: 'the password',
    reason: 'The address of the store contains a password',
    remedy:
      'Give an address without one: for PostgreSQL, the file %APPDATA%\\postgresql\\pgpass.conf keeps the password.',
  };
}

/** Whoever knows the URL can ping. */
export function pingSecret(url: string): Secret {
  return {
    variable: 'LIVINGLOCK_PING_URL',
    value: url,
    shown: '***',
    hidden: 'the URL',
    reason: 'The URL to ping is a secret',
    remedy: 'Let a script set LIVINGLOCK_PING_URL and call livinglock run.',
  };
}

/** In front of the last `@`, since a password may contain an unescaped `@`; and in the query. */
const PASSWORD = /^(\w+:\/\/[^:@/]*):.*@|([?&](?:ssl)?pass(?:word|phrase)?=)[^&]*/gi;

/** The address of a store, fit to be shown. */
export function maskPassword(address: string): string {
  return address.replaceAll(PASSWORD, (_, user: string | undefined, parameter: string | undefined) =>
    user === undefined ? `${parameter}***` : `${user}:***@`,
  );
}

export function hasPassword(address: string): boolean {
  return maskPassword(address) !== address;
}
