import { defineConfig } from 'vitest/config';

/** The unit tests of one room, whose folder `scripts/mutation.js` names, without those that go through many cases. */
export default defineConfig({
  test: {
    testTimeout: 60_000,
    // The sources are loaded once: a mutant takes a third of a second, not two.
    isolate: false,
    include: ['**/*.test.ts'],
    exclude: ['**/{breakages,faults,hostile-tree,model,histories}.test.ts'],
  },
});
