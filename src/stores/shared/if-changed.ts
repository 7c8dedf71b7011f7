/** What to say if no answer came. Empty for an operation that changes nothing: `read the lock`, `list the locks`, `confirm the lock`. */
export function ifChanged(attempted: string): string {
  return /^(?:read|list|confirm)\b/.test(attempted)
    ? ''
    : ' If the change was made anyway, the next call finds out.';
}
