import { realpathSync } from 'node:fs';
import type { Breakage } from './breakage.js';

/** Folders are entered through symbolic links, so that a sweep removes files wherever someone has pointed it. */
export const followedLink: Breakage = {
  fileSystem: (intact) => ({
    ...intact,
    openFolderSync: (path) => intact.openFolderSync(realpathSync(path)),
  }),
};
