import type { Breakage } from './breakage.js';

const RECORD = '{'.charCodeAt(0);

/** Whatever is in a file that is not a record, it looks as if a crash had left it empty. */
export const unreadContent: Breakage = {
  fileSystem: (intact) => ({
    ...intact,
    readSync(descriptor, buffer) {
      const length = intact.readSync(descriptor, buffer);
      return buffer[0] === RECORD ? length : 0;
    },
  }),
};
