import { type Breakage, storeWith } from './breakage.js';

/**
 * A new lock is linked to its path outside of the guard. No two can do that at once, but a contender that is paused between reading
 * the clock and linking comes with a smaller fencing token than those handed out meanwhile.
 */
export const unguardedCreation: Breakage = {
  store: (intact, fileSystem) =>
    storeWith(intact, {
      async claim(name, claim, over) {
        if (over !== undefined) return intact.claim(name, claim, over);
        const elsewhere = `${name}.${claim.token}.tmp`;
        const outcome = await intact.claim(elsewhere, claim);
        try {
          fileSystem.linkSync(elsewhere, name);
          return outcome;
        } catch {
          return { done: false, found: null };
        } finally {
          fileSystem.unlinkSync(elsewhere);
        }
      },
    }),
};
