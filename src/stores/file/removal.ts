import { systemCode } from '../../system/system-code.js';
import type { FileSystem } from './file-system.js';

/** Whether something is there that is not a regular file. Owners of guards create only regular files in a folder. */
export function isOtherThanFile(fs: FileSystem, path: string): boolean {
  return fs.lstatSync(path)?.isFile() === false;
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
    try {
      remove();
    } catch {
      // Whoever finds it later removes it instead.
    }
  }
}
