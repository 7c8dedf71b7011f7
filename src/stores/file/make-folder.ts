import { makeFolders } from '../../system/files/make-folders.js';
import { systemCode, systemError } from '../../system/system-code.js';
import type { FileSystem } from './file-system.js';

/** Creates the folder of a lock and its parents. Returns whether it was created. */
export function makeFolder(fs: FileSystem, folder: string): boolean {
  return makeFolders(folder, undefined, (each) => {
    try {
      fs.mkdirSync(each);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') refuseIfDangling(fs, each);
      throw error;
    }
  });
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
