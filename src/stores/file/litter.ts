import { basename, dirname, join } from 'node:path';
import type { OpenFolder } from './file-system.js';
import { condemnedPath, entranceKind, ownerFrom } from './guard-names.js';
import { isOtherThanFile, removeIfEmpty } from './removal.js';
import type { Surroundings } from './surroundings.js';

/** After this many milliseconds a process about which nothing is known is no longer about to enter. */
const LONGEST_ENTRY = 30_000;

/**
 * Removes what killed processes left beside a lock: folders in which they prepared to enter the guard. Must be called inside the
 * guard.
 *
 * This cannot hurt a living process: an entrant whose folder is gone finds that out in the very call that would have made it the
 * winner, and tries again. Nor does it touch anything that is not ours: only real folders are entered, and only regular files with the name
 * of an owner are removed.
 */
export function sweepLitter(surroundings: Surroundings, guard: string): void {
  for (const name of namesBeside(surroundings, guard)) {
    const kind = entranceKind(name.slice(basename(guard).length));
    if (kind === null) continue;
    try {
      sweep(surroundings, guard, join(dirname(guard), name), kind);
    } catch {
      // Litter harms nobody; the next takeover tries again.
    }
  }
}

function namesBeside({ fs }: Surroundings, guard: string): string[] {
  try {
    return fs.readdirSync(dirname(guard)).filter((name) => name.startsWith(`${basename(guard)}.`));
  } catch {
    return [];
  }
}

/**
 * Renamed first, because an owner may be about to rename the same folder to the guard, and must not do so half-swept. If this
 * process is killed, the new name tells later sweepers that there is nothing left to judge: by then the folder may name an
 * owner that lives on, and that has long entered with another folder.
 */
function sweep(
  surroundings: Surroundings,
  guard: string,
  found: string,
  kind: 'entrance' | 'condemned',
): void {
  const { fs } = surroundings;
  const folder = fs.openFolderSync(found);
  try {
    const names = fs.readdirSync(folder.path ?? found);
    const owners = names.filter((name) => ownerFrom(name) !== null);
    if (owners.length < names.length) return;
    if (owners.some((name) => isOtherThanFile(fs, join(folder.path ?? found, name)))) return;
    if (kind === 'entrance' && !owners.every((name) => isAbandoned(surroundings, name, folder))) return;
    const condemned = kind === 'condemned' || owners.length === 0 ? found : condemnedPath(guard);
    if (condemned !== found) fs.renameSync(found, condemned);
    for (const name of owners) fs.unlinkSync(join(folder.path ?? condemned, name));
    removeIfEmpty(fs, condemned);
  } finally {
    folder.close();
  }
}

function isAbandoned(
  { processes, isOfEarlierBoot }: Surroundings,
  name: string,
  folder: OpenFolder,
): boolean {
  const owner = ownerFrom(name);
  if (owner === null) return false;
  const liveness = processes.liveness(owner.identity);
  if (liveness !== 'unknown') return liveness === 'dead';
  // In the future, too: then the clock was set back since.
  const age = Math.abs(Date.now() - folder.status.mtimeMs);
  return age > LONGEST_ENTRY || isOfEarlierBoot(owner.identity, folder);
}
