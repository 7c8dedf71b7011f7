import { basename } from 'node:path';
import { shortHash } from '../../system/short-hash.js';
import { randomUuid } from '../../system/uuid.js';

/** A token for one acquisition of a lock: unique, and containing a hash of the lock's name. */
export function makeToken(lock: string): string {
  return `${randomUuid()}.${markOf(lock)}`;
}

/**
 * Whether a token was made for another lock, so that somebody must have moved the record here. Only the last part of the name counts, because several
 * paths may lead to one folder. A token made by other software says nothing.
 */
export function isOfOtherLock(token: string | null, lock: string): boolean {
  const mark = /\.([0-9a-f]+)$/.exec(token ?? '')?.[1];
  return mark !== undefined && mark !== markOf(lock);
}

/** Whoever moves a record chooses neither name, so the hash need not be cryptographic. */
function markOf(lock: string): string {
  return shortHash(basename(lock));
}
