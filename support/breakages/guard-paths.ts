import { dirname } from 'node:path';
import type { FileSystem } from 'livinglock/file';

/** The guard itself. */
export function isGuard(path: string): boolean {
  return path.endsWith('.guard');
}

/** The file in the guard that names its owner. */
export function isInGuard(path: string): boolean {
  return isGuard(dirname(path));
}

/** A private folder that will become the guard. */
export function isEntrance(path: string): boolean {
  return /\.guard\.[0-9a-f-]{36}$/.test(path);
}

/** The file in such a folder. */
function isInEntrance(path: string): boolean {
  return isEntrance(dirname(path));
}

/** Where to find a file that belongs in the guard, or in a folder that will become it, if there is no such folder. */
function beside(path: string): string {
  if (!isInGuard(path) && !isInEntrance(path)) return path;
  const folder = dirname(path);
  return `${folder.replace(/\.guard(?:\.[0-9a-f-]{36})?$/, '')}.${path.slice(folder.length + 1)}`;
}

/** A file system in which no folder holds the files of an owner of the guard: they are beside the lock. */
export function withFilesBeside(intact: FileSystem): FileSystem {
  return {
    ...intact,
    openFolderSync: (path) => intact.openFolderSync(dirname(path)),
    openSync: (path, flags, mode) => intact.openSync(beside(path), flags, mode),
    lstatSync: (path) => intact.lstatSync(beside(path)),
    linkSync: (from, to) => intact.linkSync(beside(from), to),
    renameSync: (from, to) => intact.renameSync(beside(from), to),
    unlinkSync: (path) => intact.unlinkSync(beside(path)),
    writeFileAtomicSync: (path, data, mode) => intact.writeFileAtomicSync(beside(path), data, mode),
  };
}
