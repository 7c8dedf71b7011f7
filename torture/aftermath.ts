import { readdirSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquire } from 'livinglock';
import { HolderProcess } from '../support/holder-process.js';

/** After so many seconds folders count as litter in which a process that nobody can see prepared to enter the guard. */
const LONGEST_ENTRY = 31;
const HOLDER = fileURLToPath(new URL('./holder.js', import.meta.url));

/** The files beside a lock, and the lock itself. */
export interface Aftermath {
  /** After all processes had ended. */
  readonly before: readonly string[];
  /** After one more takeover from a dead holder, which sweeps litter, and its release: there must be none. */
  readonly after: readonly string[];
}

/**
 * Must be called when nobody else uses the lock any more.
 *
 * @param hadNamespaces Whether some of them were in other PID namespaces.
 */
export async function clearUp(lock: string, hadNamespaces: boolean): Promise<Aftermath> {
  const folder = dirname(lock);
  const before = readdirSync(folder);
  const holder = new HolderProcess(HOLDER, lock);
  await holder.held();
  await holder.end();
  if (hadNamespaces) age(folder);
  const successor = await acquire(lock);
  await successor.release();
  return { before, after: readdirSync(folder) };
}

/** Instead of waiting for so long. */
function age(folder: string): void {
  const longAgo = Date.now() / 1000 - LONGEST_ENTRY;
  for (const name of readdirSync(folder)) {
    if (name.includes('.guard.')) utimesSync(join(folder, name), longAgo, longAgo);
  }
}
