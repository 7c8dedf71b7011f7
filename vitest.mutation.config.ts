import { defineConfig } from 'vitest/config';

const { MUTATION_TESTS } = process.env;

/**
 * The unit tests that `scripts/mutation.js` names, without those that go through many cases. By itself, all of them, as they run with faults: in one
 * worker thread, which can do less than a process.
 */
export default defineConfig({
  test: {
    testTimeout: 60_000,
    // As Stryker does.
    pool: 'threads',
    fileParallelism: false,
    // The sources are loaded once: a mutant takes a third of a second, not two.
    isolate: false,
    setupFiles: ['support/no-harm.ts'],
    include: MUTATION_TESTS?.split(',') ?? ['test/{core,stores/file,cli/run,schedule}/**/*.test.ts'],
    exclude: [
      'test/stores/file/{breakages,faults,hostile-tree}.test.ts',
      'test/core/{model,histories}.test.ts',
    ],
  },
});
