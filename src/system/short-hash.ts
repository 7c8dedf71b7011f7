const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * FNV-1a with 32 bits (draft-eastlake-fnv), in hexadecimal. Two texts rarely have the same one, but it is not hard to find two. Loading `node:crypto`
 * would take longer than acquiring a lock.
 *
 * @param seed Another one gives another hash.
 */
export function shortHash(text: string, seed: number = BASIS): string {
  let hash = seed;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, PRIME);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
