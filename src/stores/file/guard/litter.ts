import { basename, dirname, join } from 'node:path';
import { attempt } from '../../../system/attempt.js';
import type { OpenFolder } from '../file-system.js';
import { isOtherThanFile, removeIfEmpty, removeSign } from '../remove-files.js';
import type { GuardContext } from './guard-context.js';
import { condemnedPath, entranceKind, guardPath, isGuardLife, lifeFrom, ownerFrom } from './guard-names.js';

/** After this many milliseconds a process about which nothing is known is no longer about to enter. */
const LONGEST_ENTRY = 30_000;

/** Whose signs of life are litter. */
export interface Litter {
  /** The path of the sign that its holder keeps now, if any. */
  readonly sign: string | null;
  /** The user who wrote the last record, if that is known. Signs of other users may be anything. */
  readonly writer: number | null | undefined;
}

/**
 * Removes what killed processes left beside a lock: folders in which they prepared to enter the guard, and signs of life. Must be called
 * inside the guard, where nobody else begins to hold the lock.
 *
 * This cannot hurt a living process: an entrant whose folder is gone finds that out in the very call that would have made it the
 * winner, and tries again. Nor does it touch anything that is not ours: only real folders are entered, and only regular files with the name
 * of an owner, and signs of life, are removed.
 *
 * @param lock The path of the lock.
 */
export function sweepLitter(context: GuardContext, lock: string, { sign, writer }: Litter): void {
  const guard = guardPath(lock);
  for (const name of attempt(() => context.fs.readdirSync(dirname(lock)), [])) {
    if (!name.startsWith(basename(lock))) continue;
    const found = join(dirname(lock), name);
    if (lifeFrom(name.slice(basename(lock).length)) !== null && found !== sign)
      removeSign(context.fs, found, writer);
    const kind = name.startsWith(basename(guard)) ? entranceKind(name.slice(basename(guard).length)) : null;
    if (kind === null) continue;
    // Litter harms nobody; the next takeover tries again.
    attempt(() => sweep(context, guard, found, kind), undefined);
  }
}

/**
 * Renamed first, because an owner may be about to rename the same folder to the guard, and must not do so half-swept. If this
 * process is killed, the new name tells later sweepers that there is nothing left to judge: by then the folder may name an
 * owner that lives on, and that has long entered with another folder.
 */
function sweep(context: GuardContext, guard: string, found: string, kind: 'entrance' | 'condemned'): void {
  const { fs } = context;
  const folder = fs.openFolderSync(found);
  try {
    const names = fs.readdirSync(folder.path ?? found);
    const owners = names.filter((name) => ownerFrom(name) !== null);
    const signs = names.filter(isGuardLife);
    if (owners.length + signs.length < names.length) return;
    if (owners.some((name) => isOtherThanFile(fs, join(folder.path ?? found, name)))) return;
    if (kind === 'entrance' && !owners.every((name) => isAbandoned(context, name, folder))) return;
    const condemned = kind === 'condemned' || owners.length === 0 ? found : condemnedPath(guard);
    if (condemned !== found) fs.renameSync(found, condemned);
    for (const name of signs) removeSign(fs, join(folder.path ?? condemned, name));
    for (const name of owners) fs.unlinkSync(join(folder.path ?? condemned, name));
    removeIfEmpty(fs, condemned);
  } finally {
    folder.close();
  }
}

function isAbandoned(
  { processes, isOfEarlierBoot }: GuardContext,
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
