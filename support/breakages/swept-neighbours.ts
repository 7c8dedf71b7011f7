import { dirname, join } from 'node:path';
import { type Breakage, storeWith } from './breakage.js';

/** A takeover mistakes empty files named after the lock plus a number for leftovers of write-file-atomic. */
export const sweptNeighbours: Breakage = {
  store: (intact, fileSystem) =>
    storeWith(intact, {
      async claim(name, claim, over) {
        const outcome = await intact.claim(name, claim, over);
        const folder = dirname(name);
        for (const file of over === undefined ? [] : fileSystem.readdirSync(folder)) {
          const path = join(folder, file);
          if (/\.\d+$/.test(file) && fileSystem.lstatSync(path)?.size === 0) fileSystem.unlinkSync(path);
        }
        return outcome;
      },
    }),
};
