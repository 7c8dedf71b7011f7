import { dirname } from 'node:path';
import type { Clock } from 'livinglock';
import type { FileSystem } from 'livinglock/file';
import type { Breakage } from './breakage.js';
import { isStale } from './guard-age.js';
import { isEntrance, isGuard, withFilesBeside } from './guard-paths.js';

/** A file name that names no visible process as the owner. */
const NAMELESS = '00000000-0000-4000-8000-000000000000,1,0,,,,elsewhere';

/**
 * The guard as proper-lockfile makes it by itself: an empty folder. A contender that finds a stale one removes it, and makes a new one.
 * A contender that found the same and is late removes the new one (https://github.com/moxystudio/node-proper-lockfile/issues/121).
 */
export const plainProperLockfile: Breakage = {
  fileSystem(intact, clock) {
    const plain = withFilesBeside(intact);
    return {
      ...plain,
      mkdirSync: (path, mode) => (isEntrance(path) ? undefined : intact.mkdirSync(path, mode)),
      renameSync: (from, to) => (isGuard(to) ? intact.mkdirSync(to) : plain.renameSync(from, to)),
      openFolderSync: (path) => folderOf(intact, path),
      readdirSync: (path) => (isGuard(path) ? ownersIn(intact, path, clock) : intact.readdirSync(path)),
      unlinkSync(path) {
        if (!path.endsWith(NAMELESS)) plain.unlinkSync(path);
      },
      rmdirSync(path) {
        if (!isEntrance(path)) intact.rmdirSync(path);
      },
    };
  },
};

/** An empty folder counts as left behind; one with a nameless owner ages by its own time. */
function ownersIn(intact: FileSystem, guard: string, clock: Clock): string[] {
  const names = intact.readdirSync(guard);
  return isStale(intact, guard, clock) ? names : [NAMELESS];
}

/** The age was checked by the fake clock already, and proper-lockfile knows only the real one. */
function folderOf(intact: FileSystem, path: string): ReturnType<FileSystem['openFolderSync']> {
  if (isEntrance(path)) return intact.openFolderSync(dirname(path));
  const folder = intact.openFolderSync(path);
  return { ...folder, status: { ...folder.status, mtimeMs: Date.now() } };
}
