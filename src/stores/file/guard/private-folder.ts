import { type FileStatus, type FileSystem, OTHERS_MAY_WRITE } from '../file-system.js';
import { removeIfEmpty } from '../remove-files.js';

/** Others may read a guard but not write to it: what is in it must come from the owner. */
const FOLDER_MODE = 0o755;

/** Leaves nothing behind when it fails, not even if only the answer was lost. */
export function makePrivateFolder(fs: FileSystem, folder: string): void {
  try {
    fs.mkdirSync(folder, FOLDER_MODE);
  } catch (error) {
    removeIfEmpty(fs, folder);
    throw error;
  }
}

/**
 * Whether a folder is the one that was just created, judged by its owner and its mode. Compared with a new file in it, because a file
 * server may know this user by another number, or store no modes at all.
 */
export function isLike(file: FileStatus, folder: FileStatus): boolean {
  return folder.uid === file.uid && (folder.mode & ~file.mode & OTHERS_MAY_WRITE) === 0;
}
