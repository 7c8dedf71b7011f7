import type { Clock, FileSystem } from 'livinglock';
import type { Breakage } from './breakage.js';
import { isStale } from './guard-age.js';
import { isEntrance, isGuard, isInEntrance, isInGuard } from './guard-paths.js';

const NO_FILE = -1;
/** A file name that says of no process that it is the owner. */
const NAMELESS = 'nobody';

/**
 * The guard as proper-lockfile makes it by itself: an empty folder. Who finds a stale one removes it, and makes a new one;
 * who has found the same and is late removes the new one (https://github.com/moxystudio/node-proper-lockfile/issues/121).
 */
export const plainProperLockfile: Breakage = {
  fileSystem: (intact, clock) => ({
    ...intact,
    mkdirSync: (path) => (isEntrance(path) ? undefined : intact.mkdirSync(path)),
    openSync: (path, flags, mode) => (isInEntrance(path) ? NO_FILE : intact.openSync(path, flags, mode)),
    closeSync: (descriptor) => (descriptor === NO_FILE ? undefined : intact.closeSync(descriptor)),
    renameSync: (from, to) => (isGuard(to) ? intact.mkdirSync(to) : intact.renameSync(from, to)),
    readdirSync: (path) => (isGuard(path) ? ownersIn(intact, path, clock) : intact.readdirSync(path)),
    lstatSync: (path) => (isGuard(path) ? freshStatus(intact, path) : intact.lstatSync(path)),
    unlinkSync: (path) => (isInGuard(path) || isInEntrance(path) ? undefined : intact.unlinkSync(path)),
    rmdirSync(path) {
      if (!isEntrance(path)) intact.rmdirSync(path);
    },
  }),
};

/** An empty folder counts as left behind, one with a nameless owner is aged by its own time. */
function ownersIn(intact: FileSystem, guard: string, clock: Clock): string[] {
  const names = intact.readdirSync(guard);
  return isStale(intact, guard, clock) ? names : [NAMELESS];
}

/** The age was looked at by the made-up clock already, and proper-lockfile has only the real one. */
function freshStatus(intact: FileSystem, guard: string): ReturnType<FileSystem['lstatSync']> {
  const status = intact.lstatSync(guard);
  return status === undefined ? undefined : { ...status, mtimeMs: Date.now() };
}
