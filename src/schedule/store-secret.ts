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
