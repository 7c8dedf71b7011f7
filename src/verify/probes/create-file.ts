import type { FileSystem } from '../../stores/file/file-system.js';
import { createEmptyFile, writeText } from '../../stores/file/regular-file.js';
import { removeIfThere } from '../../stores/file/remove-files.js';

/**
 * Creates a file with this content under a name that nobody else uses. Leaves nothing behind when it fails, not even if
 * the answer to the creation was lost, which happens over NFS.
 */
export function createFile(fs: FileSystem, path: string, text: string): void {
  try {
    const descriptor = createEmptyFile(fs, path);
    try {
      writeText(fs, descriptor, text);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    removeIfThere(fs, path);
    throw error;
  }
}
