import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'test/**/*.test.ts',
      'integration/**/*.test.ts',
      'examples/**/*.test.ts',
      'explorer/**/*.test.ts',
      'torture/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The integration tests run many processes of their own on what may be two cores.
    maxWorkers: 2,
  },
});
