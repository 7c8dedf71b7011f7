import { defineConfig } from 'vitest/config';

/** The unit tests that `scripts/mutation.js` names, without those that go through many cases. */
export default defineConfig({
  test: {
    testTimeout: 60_000,
    // The sources are loaded once: a mutant takes a third of a second, not two.
    isolate: false,
    setupFiles: ['support/no-harm.ts'],
    include: (process.env['MUTATION_TESTS'] ?? '').split(','),
    exclude: [
      'test/stores/file/{breakages,faults,hostile-tree}.test.ts',
      'test/core/{model,histories}.test.ts',
    ],
  },
});
