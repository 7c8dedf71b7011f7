import { basename } from 'node:path';
import { shortHash } from '../system/short-hash.js';
import type { JournalOwner } from './journal-line.js';

const EXTENSION = '.jsonl';
/** As much of the lock's name as fits with the rest into any file name, the guard's names included. */
const SHOWN = 40;
const SEEDS = [0x811c9dc5, 0x2b5a9f37];

/**
 * The name of the journal of a lock: what people recognize, and a hash of what tells it from all others. Should two locks have the
 * same name, the second is refused by the first line of the file.
 */
export function journalName(owner: JournalOwner): string {
  return `${nameOf(owner)}${EXTENSION}`;
}

/** The same without an extension, for other files about the runs of that lock. */
export function nameOf({ lock, store }: JournalOwner): string {
  const shown = basename(lock, '.lock')
    .replace(/[^\w.-]+/g, '_')
    .slice(0, SHOWN);
  const identity = `${store ?? ''}\n${lock}`;
  return `${shown}-${SEEDS.map((seed) => shortHash(identity, seed)).join('')}`;
}

export function isJournalName(name: string): boolean {
  return /-[0-9a-f]{16}\.jsonl$/.test(name);
}
