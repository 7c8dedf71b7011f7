import type { Breakage } from './breakage.js';
import { isInGuard } from './guard-paths.js';

/** A new record is first written beside the lock, under a name that others know, and through whatever is there. */
export const stagedBeside: Breakage = {
  fileSystem: (intact) => ({
    ...intact,
    writeFileAtomicSync(path, data, mode) {
      if (isInGuard(path)) {
        const beside = intact.openSync(path.replace(/\.guard\/.*$/, '.tmp'), 'w', mode);
        intact.writeSync(beside, Buffer.from(data));
        intact.closeSync(beside);
      }
      intact.writeFileAtomicSync(path, data, mode);
    },
  }),
};
