import type { Breakage } from './breakage.js';
import { isGuard } from './guard-paths.js';

/** A guard whose time is ahead counts as just entered. */
export const endlessGuard: Breakage = {
  fileSystem: (intact) => ({
    ...intact,
    openFolderSync(path) {
      const folder = intact.openFolderSync(path);
      if (!isGuard(path)) return folder;
      const mtimeMs = Math.min(folder.status.mtimeMs, Date.now());
      return { ...folder, status: { ...folder.status, mtimeMs } };
    },
  }),
};
