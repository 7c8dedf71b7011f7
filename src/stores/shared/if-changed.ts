/** What to say if no answer came. Empty for an operation that changes nothing: `read the lock`, `list the locks`. */
export function ifChanged(attempted: string): string {
  return /^(?:read|list)\b/.test(attempted) ? '' : ' If the change was made anyway, the next call finds out.';
}
