import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { whyNotHere } from './strace.js';

const COMMAND = fileURLToPath(new URL('../../build/torture/system-calls/system-calls.js', import.meta.url));
const MOST_TRIES = 5;

describe.skipIf(whyNotHere() !== null)(
  'livinglock with a system call that fails',
  { timeout: 120_000 },
  () => {
    test('keeps its promises', () => {
      const { status, stdout } = run('--runs', '25', '--seconds', '30', '--seed', '1');

      expect(stdout).toContain('violations: 0: all that must hold did');
      expect(status).toBe(0);
    });

    test('is caught if it frees the lock while its command goes on', () => {
      const fault = ['--job', 'output', '--call', 'fcntl', '--error', 'EMFILE'];
      const { status, stdout } = run('--breakage', 'abandoned-command', '--every', ...fault);

      expect(stdout).toContain('it ended while its command was still alive');
      expect(stdout).toMatch(
        /^ {2}strace -e trace=fcntl -e inject=fcntl:error=EMFILE:when=\d+ livinglock run --heartbeat output/m,
      );
      expect(status).toBe(1);
    });

    test('is caught if it starts its command although the lock is stale by then', () => {
      const confirmation = ['--job', 'stale', '--call', 'rename', '--when', '3'];
      let found = '';
      // The next run may look a moment too late: then a heartbeat has been sent, and the lock is fresh again.
      for (let tries = 0; tries < MOST_TRIES && !found.includes('VIOLATION'); tries++) {
        found = run('--breakage', 'late-start', '--every', ...confirmation).stdout;
      }

      expect(found).toContain('the command of the successor began while another was at work');
    });
  },
);

test('without strace one line says so', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND], {
    env: { PATH: '/does/not/exist' },
    encoding: 'utf8',
  });

  expect(stderr).toMatch(/^.*strace.*\n$/);
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test.each([
  ['--runs 0', '--runs must be a number from 1 to'],
  [
    '--job sleep',
    "--job must be one of alive, output, file, log, dead, held, stale, beat, break, but is 'sleep'",
  ],
  ['--call frob', '--call must be one of openat, '],
  ['--error EHUH', '--error must be one of EIO, '],
  ['--breakage unknown', '--breakage must be one of abandoned-command, late-start'],
  ['--unknown', "Unknown option '--unknown'"],
])('%s is refused with the help and the exit code 2', (args, message) => {
  const { status, stdout, stderr } = run(...args.split(' '));

  expect(stderr).toContain(message);
  expect(stderr).toContain('Usage: npm run torture:calls');
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, [COMMAND, ...args], { encoding: 'utf8' });
}
