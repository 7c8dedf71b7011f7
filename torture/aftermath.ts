import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { acquire } from 'livinglock';
import { HolderProcess } from '../support/holder-process.js';

const HOLDER = fileURLToPath(new URL('./holder.js', import.meta.url));

/** The files beside a lock, and the lock itself. */
export interface Aftermath {
  /** After all processes had ended. */
  readonly before: readonly string[];
  /** After one more takeover from a dead holder, which sweeps litter, and its release: there must be none. */
  readonly after: readonly string[];
}

/** Must be called when nobody else uses the lock any more. */
export async function clearUp(lock: string): Promise<Aftermath> {
  const folder = dirname(lock);
  const before = readdirSync(folder);
  const holder = new HolderProcess(HOLDER, lock);
  await holder.held();
  await holder.end();
  const successor = await acquire(lock);
  await successor.release();
  return { before, after: readdirSync(folder) };
}
