import type { Breakage } from './breakage.js';
import { isEntrance, isGuard, isInEntrance, isInGuard } from './guard-paths.js';

const NO_FILE = -1;

/** Heartbeats, releases and takeovers read, check and write outside of the guard: everybody gets in at any time. */
export const noGuard: Breakage = {
  fileSystem: (intact) => ({
    ...intact,
    mkdirSync: (path) => (isEntrance(path) ? undefined : intact.mkdirSync(path)),
    openSync: (path, flags, mode) => (isInEntrance(path) ? NO_FILE : intact.openSync(path, flags, mode)),
    closeSync: (descriptor) => (descriptor === NO_FILE ? undefined : intact.closeSync(descriptor)),
    renameSync: (from, to) => (isGuard(to) ? undefined : intact.renameSync(from, to)),
    unlinkSync: (path) => (isInGuard(path) ? undefined : intact.unlinkSync(path)),
    rmdirSync: (path) => (isGuard(path) ? undefined : intact.rmdirSync(path)),
  }),
};
