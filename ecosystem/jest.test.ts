import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const require = createRequire(import.meta.url);

test('Jest runs tests that require, import, or are written in TypeScript, and finds no open handle', async () => {
  const jest = join(require.resolve('jest/package.json'), '..', 'bin', 'jest.js');
  const parameters = [jest, '--config', 'jest/config.cjs', '--json', '--silent', '--detectOpenHandles'];
  // Not what this runner has set for its own workers.
  const { NODE_OPTIONS: _, VITEST: __, ...env } = process.env;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, parameters, {
    cwd: import.meta.dirname,
    env: { ...env, NODE_ENV: 'test' },
  }).catch((error) => error);
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, openHandles } = JSON.parse(stdout);
  expect({ numFailedTests, numRuntimeErrorTestSuites, stderr: numFailedTests > 0 ? stderr : '' }).toEqual({
    numFailedTests: 0,
    numRuntimeErrorTestSuites: 0,
    stderr: '',
  });
  expect(openHandles).toEqual([]);
  expect(numPassedTests).toBeGreaterThanOrEqual(8);
});
