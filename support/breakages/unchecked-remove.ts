import type { Store } from 'livinglock';
import type { Breakage } from './breakage.js';

/** A release removes whatever record is there, without a look at its token. */
export const uncheckedRemove: Breakage = {
  store: (intact, fileSystem): Store => ({
    resolve: (name) => intact.resolve(name),
    read: (name) => intact.read(name),
    claim: (name, claim, over) => intact.claim(name, claim, over),
    beat: (name, token, beat) => intact.beat(name, token, beat),
    async remove(name) {
      const record = (await intact.read(name))?.record ?? null;
      if (record === null) return { done: false, found: null };
      fileSystem.unlinkSync(name);
      return { done: true, record };
    },
  }),
};
