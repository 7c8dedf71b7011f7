import { defineConfig } from 'vitest/config';

/** The unit tests of what is mutated, without those that go through many cases. */
export default defineConfig({
  test: {
    testTimeout: 60_000,
    isolate: false,
    include: ['test/{core,cli,schedule}/**/*.test.ts', 'test/stores/file/*.test.ts'],
    exclude: [
      'test/stores/file/{breakages,faults,hostile-tree}.test.ts',
      'test/cli/terminal/**',
      'test/cli/named-locks/**',
      'test/core/{model,histories}.test.ts',
    ],
  },
});
