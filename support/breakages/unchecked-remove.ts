import { type Breakage, storeWith } from './breakage.js';

/** A release removes whatever record is there, without checking its token. */
export const uncheckedRemove: Breakage = {
  store: (intact, fileSystem) =>
    storeWith(intact, {
      async remove(name) {
        const record = (await intact.read(name))?.record ?? null;
        if (record === null) return { done: false, found: null };
        fileSystem.unlinkSync(name);
        return { done: true, record };
      },
    }),
};
