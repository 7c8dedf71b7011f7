import { basename } from 'node:path';
import { randomUuid } from '../system/uuid.js';

/** Of FNV-1a with 32 bits (draft-eastlake-fnv). */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** A token for one acquisition of a lock: unique, and with a mark of the lock's name. */
export function makeToken(lock: string): string {
  return `${randomUuid()}.${markOf(lock)}`;
}

/**
 * Whether a token was made for another lock: then somebody has moved the record. By the last part of the name alone, because there
 * may be several paths to one folder. A token that others have made says nothing.
 */
export function isOfOtherLock(token: string | null, lock: string): boolean {
  const mark = /\.([0-9a-f]+)$/.exec(token ?? '')?.[1];
  return mark !== undefined && mark !== markOf(lock);
}

/**
 * A short hash, by which two names of one's own choosing are hardly ever taken for one. Those who move a record choose neither, so it
 * need not be a cryptographic one, whose module takes longer to load than a lock to acquire.
 */
function markOf(lock: string): string {
  let mark = FNV_BASIS;
  for (const byte of Buffer.from(basename(lock))) mark = Math.imul(mark ^ byte, FNV_PRIME);
  return (mark >>> 0).toString(16).padStart(8, '0');
}
