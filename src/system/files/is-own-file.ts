import type { Stats } from 'node:fs';

/** Whether a file belongs to this user. Windows does not say. */
export function isOwn({ uid }: Pick<Stats, 'uid'>): boolean {
  const self = process.geteuid?.();
  return self === undefined || uid === self;
}
