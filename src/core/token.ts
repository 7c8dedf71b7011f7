import { hash, randomUUID } from 'node:crypto';
import { basename } from 'node:path';

/** How many characters say which lock a token was made for. */
const MARK_LENGTH = 8;

/** A token for one acquisition of a lock: unique, and with a mark of the lock's name. */
export function makeToken(lock: string): string {
  return `${randomUUID()}.${markOf(lock)}`;
}

/**
 * Whether a token was made for another lock: then somebody has moved the record. By the last part of the name alone, because there
 * may be several paths to one folder. A token that others have made says nothing.
 */
export function isOfOtherLock(token: string | null, lock: string): boolean {
  const mark = /\.([0-9a-f]+)$/.exec(token ?? '')?.[1];
  return mark !== undefined && mark !== markOf(lock);
}

function markOf(lock: string): string {
  return hash('sha256', basename(lock)).slice(0, MARK_LENGTH);
}
