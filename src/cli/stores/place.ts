/** Where a server is, for people: without user and password. */
export function placeOf(kind: string, address: string): string {
  if (!URL.canParse(address)) return kind;
  const { host, pathname } = new URL(address);
  return host === '' ? kind : `${kind} at ${host}${pathname === '/' ? '' : pathname}`;
}
