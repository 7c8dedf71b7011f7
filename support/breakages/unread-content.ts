import type { Breakage } from './breakage.js';

const RECORD = '{'.charCodeAt(0);

/** Any content that is not a record counts as left by a crash. */
export const unreadContent: Breakage = {
  fileSystem: (intact) => ({
    ...intact,
    readSync(descriptor, buffer) {
      const length = intact.readSync(descriptor, buffer);
      return buffer[0] === RECORD ? length : 0;
    },
  }),
};
