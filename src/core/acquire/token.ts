import { basename } from 'node:path';
import { randomUuid } from '../../system/uuid.js';

/** Of FNV-1a with 32 bits (draft-eastlake-fnv). */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

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

/**
 * A short hash. Two names rarely have the same one. Whoever moves a record chooses neither name, so the hash need not be cryptographic:
 * loading the module for that takes longer than acquiring a lock.
 */
function markOf(lock: string): string {
  let mark = FNV_BASIS;
  for (const byte of Buffer.from(basename(lock))) mark = Math.imul(mark ^ byte, FNV_PRIME);
  return (mark >>> 0).toString(16).padStart(8, '0');
}
