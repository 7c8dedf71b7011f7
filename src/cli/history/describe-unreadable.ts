import type { ErrHistory } from '../../history/index.js';

/** One line about all journals that cannot be read; `null` if there are none. */
export function describeUnreadable([first, ...more]: readonly ErrHistory[]): string | null {
  if (first === undefined) return null;
  return more.length === 0 ? first.message : `${first.message} ${more.length} more cannot be read either.`;
}
