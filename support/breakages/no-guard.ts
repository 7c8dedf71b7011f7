import type { Breakage } from './breakage.js';
import { isEntrance, isGuard, withFilesBeside } from './guard-paths.js';

/** Heartbeats, releases and takeovers read, check and write outside of the guard: everybody gets in at any time. */
export const noGuard: Breakage = {
  fileSystem(intact) {
    const unguarded = withFilesBeside(intact);
    return {
      ...unguarded,
      mkdirSync: (path, mode) => (isEntrance(path) ? undefined : intact.mkdirSync(path, mode)),
      renameSync: (from, to) => (isGuard(to) ? undefined : unguarded.renameSync(from, to)),
      rmdirSync: (path) => (isGuard(path) || isEntrance(path) ? undefined : intact.rmdirSync(path)),
    };
  },
};
