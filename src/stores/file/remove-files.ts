import { attempt } from '../../system/attempt.js';
import { systemCode } from '../../system/system-code.js';
import type { FileStatus, FileSystem } from './file-system.js';

/** Whether something is there that is not a regular file. Owners of guards create only regular files in a folder. */
export function isOtherThanFile(fs: FileSystem, path: string): boolean {
  return fs.lstatSync(path)?.isFile() === false;
}

/** The bits of a mode that tell the type of a file, and the type of a socket (inode(7)). */
const TYPE = 0o170000;
const SOCKET = 0o140000;

/** Whether something can be a sign of life: a socket, or an empty file. Nothing else is removed under the name of one. */
export function isLikeSign(status: FileStatus): boolean {
  return (status.mode & TYPE) === SOCKET || (status.isFile() && status.size === 0);
}

/**
 * Removes a sign of life that nobody keeps any more, or that says nothing any more; at worst it is litter.
 *
 * @param writer The user whose sign it may be, beside this one.
 */
export function removeSign(fs: FileSystem, path: string, writer?: number | null): void {
  // If it cannot be looked at, the next takeover sweeps it.
  const status = attempt(() => fs.lstatSync(path), undefined);
  if (status === undefined || !isLikeSign(status)) return;
  const self = process.geteuid?.() ?? status.uid;
  if (status.uid === self || status.uid === writer) removeIfThere(fs, path);
}

/** Removes a file that is at worst litter: if it cannot be removed, the next takeover sweeps it. */
export function removeIfThere(fs: FileSystem, path: string): void {
  insist(() => fs.unlinkSync(path), ['ENOENT']);
}

/** Removes a folder if it is empty. Anyone who finds it in the way later can do the same. */
export function removeIfEmpty(fs: FileSystem, folder: string): void {
  // Not empty: someone else's by now. EEXIST is what some systems say for it (rmdir(2)).
  insist(() => fs.rmdirSync(folder), ['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR']);
}

/** Tries twice, because a network file system may fail once; then leaves it. */
function insist(remove: () => void, final: readonly string[]): void {
  try {
    remove();
  } catch (error) {
    if (final.includes(systemCode(error) ?? '')) return;
    // Whoever finds it later removes it instead.
    attempt(remove, undefined);
  }
}
