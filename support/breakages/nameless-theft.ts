import { dirname, join } from 'node:path';
import type { Breakage } from './breakage.js';
import { isInGuard } from './guard-paths.js';

/** Empties a guard of its current owner, whoever that is, when only the owner that was seen dead may be removed. */
export const namelessTheft: Breakage = {
  fileSystem: (intact) => ({
    ...intact,
    unlinkSync(path) {
      if (!isInGuard(path)) return intact.unlinkSync(path);
      const guard = dirname(path);
      for (const name of intact.readdirSync(guard)) intact.unlinkSync(join(guard, name));
    },
  }),
};
