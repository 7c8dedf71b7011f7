import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

// They run in a worker thread. There a test that changes the working folder fails, for example: no fault of its room can be planted then.
it('the tests that look for planted faults pass without one', { timeout: 600_000 }, async () => {
  const { MUTATION_TESTS: _, ...env } = process.env;
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.mutation.config.ts'];
  const { stdout } = await promisify(execFile)(process.execPath, vitest, { env, maxBuffer: 10_000_000 });
  expect(stdout).toMatch(/Tests .*\d{3} passed/);
});
