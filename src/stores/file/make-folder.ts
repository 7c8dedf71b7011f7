import { dirname } from 'node:path';
import { systemCode, systemError } from '../../system/system-code.js';
import type { FileSystem } from './file-system.js';

/**
 * Creates a folder and its parents. Not with Node's `recursive`, which on Node 20 tries forever if the folder cannot be created in an existing
 * one, such as `/proc/x`. Returns whether it was created.
 *
 * @param hasParent Whether its parent exists. If it still cannot be created, nothing will help.
 */
export function makeFolder(fs: FileSystem, folder: string, hasParent = false): boolean {
  try {
    fs.mkdirSync(folder);
    return true;
  } catch (error) {
    switch (systemCode(error)) {
      case 'EEXIST':
        refuseIfDangling(fs, folder);
        return false;
      case 'ENOENT':
        if (hasParent || dirname(folder) === folder) throw error;
        makeFolder(fs, dirname(folder));
        return makeFolder(fs, folder, true);
      default:
        throw error;
    }
  }
}

/** A dangling symbolic link: mkdir(2) says that something is there, and stat(2) that nothing is. */
function refuseIfDangling(fs: FileSystem, folder: string): void {
  if (!fs.lstatSync(folder)?.isSymbolicLink()) return;
  try {
    fs.statfsSync(folder);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') return;
    throw systemError('ENOENT', 'mkdir', folder, `the folder '${folder}' is a dangling symbolic link`);
  }
}
